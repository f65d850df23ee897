import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createPool } from "../../api/db/kysely.ts";
import { knownMigrations, migratePostgres } from "../../api/db/migrate.ts";
import { createDatabase, dropDatabase, urlOfDatabase } from "../support/databases.ts";

const name = `tessera_test_migrate_${randomBytes(6).toString("hex")}`;
const newPool = () =>
  createPool({
    connectionString: urlOfDatabase(inject("postgresUrl"), name),
    max: 1,
    applicationName: "tessera-test-migrate",
  });

beforeAll(() => createDatabase(inject("postgresUrl"), name));
afterAll(() => dropDatabase(inject("postgresUrl"), name));

it("lets one of several processes migrate while the others wait, also where it makes indexes concurrently", async () => {
  const pools = [newPool(), newPool(), newPool()];
  try {
    const done = await Promise.all(pools.map((pool) => migratePostgres(pool)));
    expect(done.flat()).toEqual([...(await knownMigrations()).keys()]);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
  }
});

it("makes an index anew that was broken off half way", async () => {
  const pool = newPool();
  const isValid = async () => {
    const { rows } = await pool.query(
      "select indisvalid from pg_index where indexrelid = 'voucher_expiring'::regclass",
    );
    return rows[0]?.indisvalid;
  };
  try {
    await pool.query("update pg_index set indisvalid = false where indexrelid = 'voucher_expiring'::regclass");
    await pool.query("delete from migration where name like '037%'");
    expect(await isValid()).toBe(false);
    await migratePostgres(pool);
    expect(await isValid()).toBe(true);
  } finally {
    await pool.end();
  }
});
