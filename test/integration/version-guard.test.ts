import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createPool } from "../../api/db/kysely.ts";
import { appliedMigrations, knownMigrations, migratePostgres, pendingMigrations } from "../../api/db/migrate.ts";
import { migrateStores } from "../../api/supervise/services.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { appliedWarehouseMigrations, migrateWarehouse } from "../../warehouse/migrate.ts";
import { createDatabase, dropDatabase, urlOfDatabase } from "../support/databases.ts";

// Stores of the version before the newest migration, in one of which a version that does not exist yet has worked.
const future = "999_from_the_future.sql";
const name = `tessera_test_guard_${randomBytes(6).toString("hex")}`;
const urls = () => ({
  databaseUrl: urlOfDatabase(inject("postgresUrl"), name),
  clickhouseUrl: urlOfDatabase(inject("clickhouseUrl"), name),
});
const server = () => createWarehouse({ url: inject("clickhouseUrl"), database: "default" });
let older: string[];

beforeAll(async () => {
  await createDatabase(inject("postgresUrl"), name);
  older = [...(await knownMigrations()).keys()].slice(0, -1);
  await inPostgres((pool) => migratePostgres(pool, older.at(-1)));
});

afterAll(async () => {
  await dropDatabase(inject("postgresUrl"), name);
  const client = server();
  await client.command({ query: `DROP DATABASE IF EXISTS ${name} SYNC` });
  await client.close();
});

async function inPostgres<T>(work: (pool: ReturnType<typeof createPool>) => Promise<T>): Promise<T> {
  const pool = createPool({ connectionString: urls().databaseUrl, max: 1, applicationName: "tessera-test" });
  return work(pool).finally(() => pool.end());
}

async function inWarehouse<T>(work: (client: ReturnType<typeof server>) => Promise<T>): Promise<T> {
  const client = server();
  return work(client).finally(() => client.close());
}

const appliedInPostgres = () => inPostgres(async (pool) => [...(await appliedMigrations(pool)).keys()]);
const appliedInWarehouse = () => inWarehouse((client) => appliedWarehouseMigrations(client, name));

it("leaves both stores as they were when a newer version has worked on PostgreSQL", async () => {
  await inPostgres((pool) => pool.query("insert into migration (name, hash) values ($1, 'x')", [future]));
  await expect(migrateStores(urls())).rejects.toThrow(new RegExp(`PostgreSQL[\\s\\S]*${future}[\\s\\S]*Nothing was`));
  expect(await appliedInPostgres()).toEqual([...older, future]);
  expect((await appliedInWarehouse()).size).toBe(0);
  await inPostgres((pool) => pool.query("delete from migration where name = $1", [future]));
});

it("leaves both stores as they were when an applied migration was edited", async () => {
  const edit = (hash: string) =>
    inPostgres((pool) => pool.query("update migration set hash = $2 where name = $1", [older[0], hash]));
  const [kept] = (await knownMigrations()).values();
  await edit("another");
  await expect(migrateStores(urls())).rejects.toThrow(/001_\w+\.sql was changed after it was applied/);
  expect(await appliedInPostgres()).toEqual(older);
  expect((await appliedInWarehouse()).size).toBe(0);
  await edit(kept ?? "");
});

it("leaves both stores as they were when a newer version has worked on ClickHouse", async () => {
  await inWarehouse(async (client) => {
    await migrateWarehouse(client, name);
    await client.insert({ table: `${name}.schema_migration`, values: [{ name: future }], format: "JSONEachRow" });
  });
  const before = await appliedInWarehouse();
  await expect(migrateStores(urls())).rejects.toThrow(new RegExp(`ClickHouse[\\s\\S]*${future}[\\s\\S]*Nothing was`));
  expect(await appliedInPostgres()).toEqual(older);
  expect(await appliedInWarehouse()).toEqual(before);
  await inWarehouse((client) => client.command({ query: `TRUNCATE TABLE ${name}.schema_migration SYNC` }));
});

it("upgrades both where nothing stands in the way", async () => {
  await migrateStores(urls());
  expect(await inPostgres(pendingMigrations)).toEqual([]);
  expect((await appliedInWarehouse()).size).toBeGreaterThan(0);
});
