import { sql } from "kysely";
import { expect, it } from "vitest";
import { dropDatabase } from "../support/databases.ts";
import { useStores } from "../support/stores.ts";

const stores = useStores();

it("gives each file a migrated PostgreSQL database of its own", async () => {
  const { rows } = await sql<{ name: string; migrations: number }>`
    select current_database() as name, (select count(*) from migration) as migrations`.execute(stores.db);
  expect(rows[0]?.name).toBe(stores.warehouseDatabase);
  expect(rows[0]?.migrations).toBeGreaterThan(0);
});

it("gives each file a migrated ClickHouse database of its own", async () => {
  const result = await stores.warehouse.query({
    query: "SELECT currentDatabase() AS name, count() AS tables FROM system.tables WHERE database = currentDatabase()",
    format: "JSONEachRow",
  });
  const rows = await result.json<{ name: string; tables: number }>();
  expect(rows[0]?.name).toBe(stores.warehouseDatabase);
  expect(rows[0]?.tables).toBeGreaterThan(0);
});

it("never drops a database whose name lacks test", async () => {
  await expect(dropDatabase(stores.databaseUrl, "production")).rejects.toThrow(/refusing/);
});
