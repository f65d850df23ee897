/** The connections and models that every role is built from. */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import type { Relay } from "../../ingest/relay.ts";
import { createWarehouse, databaseOf } from "../../warehouse/client.ts";
import { migrateWarehouse, refuseNewerWarehouse } from "../../warehouse/migrate.ts";
import { createPool } from "../db/kysely.ts";
import { migratePostgres, pendingMigrations, refuseForeignMigrations } from "../db/migrate.ts";
import type { Lifecycle } from "./lifecycle.ts";

export interface Urls {
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
}

/** Each use has a pool of its own: a burst of requests must not starve the relay, nor the relay the requests. */
export function openPool(url: string, use: string, max: number, log: Logger, lifecycle: Lifecycle): pg.Pool {
  const pool = createPool({
    connectionString: url,
    max,
    applicationName: `tessera-${use}`,
    answersRequests: use === "api",
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on("error", (error) => log.warn({ err: error, pool: use }, "an idle connection broke"));
  lifecycle.onStop(`${use} pool`, () => pool.end());
  return pool;
}

/** What workers ask of the whole history takes longer than anybody who waits for an answer would. */
export const workerRequestMs = 300_000;

export function openWarehouse(url: string, lifecycle: Lifecycle, requestTimeoutMs?: number): ClickHouseClient {
  const warehouse = createWarehouse({
    url,
    database: databaseOf(url),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
  });
  lifecycle.onStop("warehouse client", () => warehouse.close());
  return warehouse;
}

/**
 * Both stores side by side; returns the names applied. Neither is touched where one of them is newer than this version:
 * an upgrade that stops between the two would leave stores that no version knows.
 *
 * @param cluster that the warehouse is spread over.
 */
export async function migrateStores(urls: Urls, cluster?: string): Promise<string[]> {
  const pool = createPool({ connectionString: urls.databaseUrl, max: 1, applicationName: "tessera-migrate" });
  // Connected to a database that is always there: ours may not be yet.
  const warehouse = createWarehouse({ url: urls.clickhouseUrl, database: "default", requestTimeoutMs: 600_000 });
  try {
    await Promise.all([refuseForeignMigrations(pool), refuseNewerWarehouse(warehouse, databaseOf(urls.clickhouseUrl))]);
    const [postgres, clickhouse] = await Promise.allSettled([
      migratePostgres(pool),
      migrateWarehouse(warehouse, databaseOf(urls.clickhouseUrl), { cluster }),
    ]);
    if (postgres.status === "rejected") throw postgres.reason;
    if (clickhouse.status === "rejected") throw clickhouse.reason;
    return [...postgres.value, ...clickhouse.value];
  } finally {
    await Promise.all([pool.end(), warehouse.close()]);
  }
}

const drainMs = 5_000;

/** Sends what was committed until now. What does not get through in time stays in the outbox for the next start. */
export async function drainRelay(relay: Relay, log: Logger): Promise<void> {
  try {
    await relay.drain(drainMs);
  } catch (error) {
    log.warn({ err: error }, "some events wait for the next start");
  }
}

const probeMs = 2_000;

/** The parts of /readyz. Each is probed anew; one that does not answer within 2 s counts as not ready. */
export function createReadiness(
  pool: pg.Pool,
  warehouse: ClickHouseClient,
  others: Readonly<Record<string, () => Promise<boolean>>>,
): () => Promise<Record<string, boolean>> {
  let migrated = false;
  const probes: Record<string, () => Promise<boolean>> = {
    postgres: async () => (await pool.query("select 1")).rowCount === 1,
    clickhouse: async () =>
      (await warehouse.query({ query: "SELECT 1", format: "JSONEachRow" }).then((r) => r.json())).length === 1,
    // What was applied stays applied: once true it is not asked again.
    migrations: async () => (migrated ||= (await pendingMigrations(pool)).length === 0),
    ...others,
  };
  return async () =>
    Object.fromEntries(
      await Promise.all(Object.entries(probes).map(async ([name, probe]) => [name, await answered(probe)] as const)),
    );
}

async function answered(probe: () => Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), probeMs);
  });
  try {
    return await Promise.race([probe(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
