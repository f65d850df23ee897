import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, inject, it } from "vitest";
import { createWarehouse } from "../../warehouse/client.ts";
import { renderDdl } from "../../warehouse/ddl.ts";
import { migrateWarehouse } from "../../warehouse/migrate.ts";

describe("warehouse migrations", () => {
  const database = `tessera_test_${randomBytes(6).toString("hex")}`;
  const client = createWarehouse({ url: inject("clickhouseUrl"), database: "default" });
  afterAll(async () => {
    await client.command({ query: `DROP DATABASE IF EXISTS ${database} SYNC` });
    await client.close();
  });

  it("make the database when several starters begin at once, each file once from then on", async () => {
    await Promise.all([migrateWarehouse(client, database), migrateWarehouse(client, database)]);
    expect(await migrateWarehouse(client, database)).toEqual([]);
    const result = await client.query({
      query: "SELECT name, engine FROM system.tables WHERE database = {database: String} ORDER BY name",
      query_params: { database },
      format: "JSONEachRow",
    });
    const tables = await result.json<{ name: string; engine: string }>();
    expect(tables).toContainEqual({ name: "events_raw", engine: "ReplacingMergeTree" });
    expect(tables).toContainEqual({ name: "campaigns_daily", engine: "View" });
  });
});

describe("warehouse DDL", () => {
  const sql = "CREATE TABLE {database}.t {on_cluster} (a Int8) ENGINE = {engine:ReplacingMergeTree} ORDER BY a";

  it("is plain on one server", () => {
    expect(renderDdl(sql, { database: "shop" })).toBe(
      "CREATE TABLE `shop`.t  (a Int8) ENGINE = ReplacingMergeTree ORDER BY a",
    );
  });

  it("is replicated and distributed on a cluster", () => {
    expect(renderDdl(sql, { database: "shop", cluster: "main" })).toBe(
      "CREATE TABLE `shop`.t ON CLUSTER `main` (a Int8) ENGINE = ReplicatedReplacingMergeTree ORDER BY a",
    );
  });

  it("refuses a token it does not know and a name that is none", () => {
    expect(() => renderDdl("SELECT {databse}", { database: "shop" })).toThrow("unknown token {databse}");
    expect(() => renderDdl(sql, { database: "shop`; DROP" })).toThrow("not a ClickHouse name");
  });
});
