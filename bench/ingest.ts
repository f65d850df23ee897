/**
 * `npm run bench:ingest`: the relay, from an outbox to ClickHouse, against a raw insert of the very same rows, already
 * mapped, in batches of the same size through the same client; in one run, in alternating rounds. Then how long after a
 * redemption is answered a mart shows it, while an API and a relay process work.
 *
 * Options: --rows 60000 --rounds 3 --batch 5000 --callers 4 --seconds 20 --only throughput|visibility
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { pino } from "pino";
import { createKysely } from "../api/db/kysely.ts";
import { readAfter } from "../ingest/batches.ts";
import type { Event } from "../ingest/events/events.ts";
import { readLag } from "../ingest/lag.ts";
import { mapRows } from "../ingest/map-rows.ts";
import { appendEvents } from "../ingest/outbox.ts";
import { createRelay } from "../ingest/relay.ts";
import type { EventRow } from "../ingest/rows.ts";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import { migrateWarehouse } from "../warehouse/migrate.ts";
import { createClient } from "./client.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { shopEvents } from "./ingest-events.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "60000" },
    rounds: { type: "string", default: "3" },
    batch: { type: "string", default: "5000" },
    callers: { type: "string", default: "4" },
    seconds: { type: "string", default: "20" },
    only: { type: "string", default: "" },
  },
});
const rowsCount = Number(values.rows);
const rounds = Number(values.rounds);
const batchRows = Number(values.batch);
const callers = Number(values.callers);
const loadMs = Number(values.seconds) * 1000;
const root = new URL("..", import.meta.url).pathname;
const log = pino({ level: "warn" });

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function migrated(url: string, database: string): Promise<ClickHouseClient> {
  const administration = createWarehouse({ url, database: "default", requestTimeoutMs: 300_000 });
  await migrateWarehouse(administration, database);
  await administration.close();
  return createWarehouse({ url, database });
}

/** @returns the events as the relay will read them, mapped. */
async function fillOutbox(pool: pg.Pool, events: readonly Event[]): Promise<EventRow[]> {
  const { rows } = await pool.query<{ xid: string; seq: number }>(
    "select xid::text, seq from outbox order by outbox.xid desc, outbox.seq desc limit 1",
  );
  const db = createKysely(pool);
  for (let at = 0; at < events.length; at += 2_000) await appendEvents(db, events.slice(at, at + 2_000));
  const client = await pool.connect();
  const after = rows[0] ?? { xid: "0", seq: 0 };
  const stored = await readAfter(client, after, { rows: events.length, bytes: Number.MAX_SAFE_INTEGER });
  client.release();
  const mapped = await mapRows(stored);
  if (mapped.rows.length !== events.length) throw new Error("not every event is below the horizon, or maps");
  return mapped.rows;
}

async function insertRaw(warehouse: ClickHouseClient, rows: readonly EventRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += batchRows) {
    await warehouse.insert({
      table: "events_raw",
      values: rows.slice(at, at + batchRows),
      format: "JSONEachRow",
      clickhouse_settings: { max_partitions_per_insert_block: "0", input_format_null_as_default: 0 },
    });
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return rowsCount / ((performance.now() - began) / 1000);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

async function throughput(fixture: Fixture, ours: ClickHouseClient): Promise<void> {
  // A database of its own with the same tables: copies of our own rows would only make ours slower to merge.
  const raw = await migrated(fixture.clickhouseUrl, "tessera_raw");
  const relay = createRelay({ pool: fixture.pool, warehouse: ours, log, batchRows });
  const speeds = { relay: [] as number[], raw: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const rows = await fillOutbox(fixture.pool, shopEvents(fixture.projectId, rowsCount, round));
    const insert = () => timed(() => insertRaw(raw, rows));
    const send = () => timed(() => relay.drain(600_000));
    // Whoever comes second meets the merges of the first: they take turns.
    const [a, b] = round % 2 === 0 ? [await insert(), await send()] : (await inOrder(send, insert)).reverse();
    // The first round warms both up.
    if (round === 0) continue;
    speeds.raw.push(a ?? 0);
    speeds.relay.push(b ?? 0);
    print(
      `round ${round}: raw ${a?.toFixed(0)} rows/s, relay ${b?.toFixed(0)} rows/s, ratio ${((b ?? 0) / (a ?? 1)).toFixed(2)}`,
    );
  }
  const ratios = speeds.relay.map((speed, at) => speed / (speeds.raw[at] ?? 1));
  print(`\n${rowsCount} events a round, batches of ${batchRows}, median of ${rounds} alternating rounds`);
  print(`raw insert of the mapped rows  ${median(speeds.raw).toFixed(0).padStart(8)} rows/s`);
  print(
    `relay, outbox to ClickHouse    ${median(speeds.relay).toFixed(0).padStart(8)} rows/s   × raw ${median(ratios).toFixed(2)}`,
  );
  await raw.close();
}

async function inOrder(first: () => Promise<number>, second: () => Promise<number>): Promise<[number, number]> {
  return [await first(), await second()];
}

async function visibility(fixture: Fixture, warehouse: ClickHouseClient): Promise<void> {
  const client = createClient(fixture.url, fixture.key, callers);
  const main = await client.create("/v1/campaigns", { type: "main", name: "Bench", currency: "EUR" });
  const sub = await client.create("/v1/campaigns", {
    type: "sub",
    parent_id: main.id,
    name: "Bench",
    triggers_on: "redemption",
    currency: "EUR",
    rewards: [{ type: "order_discount", percent_bp: 1000 }],
  });
  for (const id of [main.id, sub.id]) await client.create(`/v1/campaigns/${id}/activate`, {});
  await client.create(`/v1/campaigns/${sub.id}/vouchers`, { kind: "generic", code: "BENCHINGEST" });
  const relay = spawn(process.execPath, ["--import", "tsx", "ingest/main.ts"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      DATABASE_URL: fixture.databaseUrl,
      CLICKHOUSE_URL: fixture.clickhouseUrl,
      LOG_LEVEL: "warn",
    },
  });
  // A process takes seconds to start; from then on it is measured.
  while ((await readLag(fixture.pool)).rows > 0) await pause(100);
  const answered = new Map<string, number>();
  const waited: number[] = [];
  let redeeming = true;
  let serial = 0;
  const redeem = async () => {
    while (redeeming) {
      serial += 1;
      const { status, text } = await client.post(
        "/v1/redemptions",
        {
          codes: ["BENCHINGEST"],
          customer: { identifier: `c-${serial % 500}` },
          order: { id: `v-${serial}`, currency: "EUR", items: [{ sku: "coffee", quantity: 2, unit_amount: 2_500 }] },
        },
        { "idempotency-key": randomUUID() },
      );
      if (status !== 201) throw new Error(`a redemption answered ${status}: ${text}`);
      answered.set(JSON.parse(text).id, performance.now());
    }
  };
  // Asks the mart as a report does; a redemption counts as shown when the answer that has it is here.
  const watch = async (until: () => boolean) => {
    while (!until()) {
      const result = await warehouse.query({
        query: `SELECT DISTINCT redemption_id FROM redemptions
                WHERE project_id = {project: String} AND occurred_at > now() - INTERVAL 20 SECOND`,
        query_params: { project: fixture.projectId },
        format: "JSONEachRow",
      });
      const rows = await result.json<{ redemption_id: string }>();
      const now = performance.now();
      for (const { redemption_id } of rows) {
        const at = answered.get(redemption_id);
        if (at === undefined) continue;
        waited.push(Math.max(0, now - at));
        answered.delete(redemption_id);
      }
      await pause(20);
    }
  };
  const began = performance.now();
  const loops = Array.from({ length: callers }, redeem);
  const watching = watch(() => !redeeming && (answered.size === 0 || performance.now() - began > loadMs + 15_000));
  await pause(loadMs);
  redeeming = false;
  await Promise.all([...loops, watching]);
  client.close();
  relay.kill("SIGTERM");
  await new Promise<void>((resolve) => relay.once("exit", () => resolve()));
  waited.sort((a, b) => a - b);
  const quantile = (q: number) => (waited[Math.min(waited.length - 1, Math.floor(q * waited.length))] ?? 0).toFixed(0);
  print(`\n${callers} callers: ${(serial / (loadMs / 1000)).toFixed(0)} redemptions/s for ${loadMs / 1000} s`);
  print(`answered to visible in the mart  p50 ${quantile(0.5)} ms  p99 ${quantile(0.99)} ms  never ${answered.size}`);
}

const fixture = await startFixture(8);
try {
  const warehouse = await migrated(fixture.clickhouseUrl, databaseOf(fixture.clickhouseUrl));
  if (values.only !== "visibility") await throughput(fixture, warehouse);
  if (values.only !== "throughput") await visibility(fixture, warehouse);
  await warehouse.close();
} finally {
  await fixture.stop();
}
