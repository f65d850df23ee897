/** Real stores for a test file: a PostgreSQL database cloned from the migrated template and a ClickHouse database. */
import { randomBytes } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import type pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import type { DB } from "../../api/db/tables.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { migrateWarehouse } from "../../warehouse/migrate.ts";
import { createDatabase, dropDatabase, refuseUnlessTest, urlOfDatabase } from "./databases.ts";

export interface Stores {
  readonly pool: pg.Pool;
  readonly db: Kysely<DB>;
  readonly databaseUrl: string;
  readonly warehouse: ClickHouseClient;
  /** Names the database by its path, like CLICKHOUSE_URL. */
  readonly clickhouseUrl: string;
  readonly warehouseDatabase: string;
}

/** Call it at the top of a file or `describe`; the fields are there from the first `beforeAll` after it. */
export function useStores(): Stores {
  const stores = {} as { -readonly [K in keyof Stores]: Stores[K] };
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const opened = await openStores();
    close = opened.close;
    Object.assign(stores, opened.stores);
  });
  afterAll(async () => close?.());
  return stores;
}

/** Whoever opens them closes them; see `useStores`. */
export async function openStores(): Promise<{ stores: Stores; close: () => Promise<void> }> {
  const name = `tessera_test_${randomBytes(6).toString("hex")}`;
  const postgresUrl = inject("postgresUrl");
  const serverUrl = inject("clickhouseUrl");
  const administration = createWarehouse({ url: serverUrl, database: "default" });
  await Promise.all([
    createDatabase(postgresUrl, name, inject("postgresTemplate")),
    migrateWarehouse(administration, name),
  ]);
  const databaseUrl = urlOfDatabase(postgresUrl, name);
  const pool = createPool({
    connectionString: databaseUrl,
    max: 20,
    applicationName: "tessera-test",
    answersRequests: true,
  });
  pool.on("error", () => undefined);
  const warehouse = createWarehouse({ url: serverUrl, database: name });
  return {
    stores: {
      pool,
      db: createKysely(pool),
      databaseUrl,
      warehouse,
      clickhouseUrl: urlOfDatabase(serverUrl, name),
      warehouseDatabase: name,
    },
    close: async () => {
      await Promise.all([pool.ended ? undefined : pool.end(), warehouse.close()]);
      refuseUnlessTest(name);
      await Promise.all([
        dropDatabase(postgresUrl, name),
        administration.command({ query: `DROP DATABASE IF EXISTS ${name} SYNC` }),
      ]);
      await administration.close();
    },
  };
}
