/**
 * The warehouse on a cluster. A replicated one needs servers of its own, so its DDL is checked as text; what sharding
 * does to figures is checked for real, on two shards that are two databases of one embedded engine.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, type RunningServer, startServer } from "../../api/supervise/server.ts";
import { deliver } from "../../ingest/deliver.ts";
import { readBaseTables, readMartFiles } from "../../warehouse/catalogue.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { renderStatements } from "../../warehouse/ddl.ts";
import { embeddedClickHouse } from "../../warehouse/embedded.ts";
import { migrateWarehouse } from "../../warehouse/migrate.ts";
import { rowsTable } from "../../warehouse/rows-table.ts";
import { insertShop, shopRows } from "./sharded-shop.ts";

/** Everything that a migration of an empty database sends, in order. */
async function migrationText(cluster?: string): Promise<string[]> {
  const sent: string[] = [];
  const recorder = {
    command: async ({ query }: { query: string }) => void sent.push(query),
    query: async () => ({ json: async () => [] }),
    insert: async () => undefined,
  } as unknown as ClickHouseClient;
  await migrateWarehouse(recorder, "shop", { cluster });
  return sent;
}

describe("the DDL of a cluster", () => {
  it("says ON CLUSTER in every statement, and replicates every table that holds rows", async () => {
    const statements = await migrationText("eu");
    expect(statements.length).toBeGreaterThan(20);
    expect(statements.filter((statement) => !/^(CREATE|ALTER) [^(]*? ON CLUSTER `eu`/.test(statement))).toEqual([]);
    const engines = statements.flatMap((statement) => /\n\s*ENGINE = (\w+)/.exec(statement)?.[1] ?? []);
    expect(engines.length).toBeGreaterThan(1);
    expect(engines.filter((engine) => !/^(Replicated\w*MergeTree|Distributed)$/.test(engine))).toEqual([]);
    expect(statements.join("\n")).not.toMatch(/non_replicated_deduplication_window|\{\w+/);
    expect(statements.join("\n")).toContain("SETTINGS replicated_deduplication_window = 10000");
  });

  it("gives every table its twin over all shards, spread by project and customer", async () => {
    const statements = await migrationText("eu");
    for (const { name } of [...readBaseTables(), { name: "schema_migration" }]) {
      const local = statements.findIndex((text) =>
        text.startsWith(`CREATE TABLE IF NOT EXISTS \`shop\`.${name}_local ON`),
      );
      expect([name, local >= 0]).toEqual([name, true]);
      expect(statements[local + 1]).toMatch(
        new RegExp(
          `^CREATE TABLE IF NOT EXISTS \`shop\`\\.${name} ON CLUSTER \`eu\` AS \`shop\`\\.${name}_local\\nENGINE = Distributed\\(\`eu\`, \`shop\`, \`${name}_local\`, cityHash64\\(\\w+(, \\w+)?\\)\\)$`,
        ),
      );
    }
    const spread = (table: string) =>
      statements.find((text) => text.includes(`AS \`shop\`.${table}_local\n`))?.match(/cityHash64\(.*?\)/)?.[0];
    for (const table of ["events_raw", "customers_wide", "customers_changed"]) {
      expect([table, spread(table)]).toEqual([table, "cityHash64(project_id, customer)"]);
    }
  });

  it("changes the columns of both tables, the local one first, and settings where the rows are", async () => {
    const statements = await migrationText("eu");
    const [settings, changes] = [true, false].map((wanted) =>
      statements.filter(
        (text) => /^ALTER TABLE(?![^(]*? MODIFY QUERY)/.test(text) && text.includes("MODIFY SETTING") === wanted,
      ),
    ) as [string[], string[]];
    expect(settings.length).toBeGreaterThan(0);
    expect(settings.filter((text) => !text.includes("_local ON CLUSTER"))).toEqual([]);
    expect(changes.length).toBeGreaterThanOrEqual(6);
    for (let at = 0; at < changes.length; at += 2) {
      expect(changes[at]?.replace("_local ON CLUSTER", " ON CLUSTER")).toBe(changes[at + 1]);
      expect(changes[at]).not.toBe(changes[at + 1]);
    }
  });

  it("keeps a materialized view within its shard, and lets views ask all of them", async () => {
    const statements = await migrationText("eu");
    const marks = statements.filter((text) => text.startsWith("CREATE MATERIALIZED VIEW"));
    expect(marks.length).toBeGreaterThan(0);
    for (const mark of marks) expect(mark).toMatch(/TO `shop`\.\w+_local\b[\s\S]+FROM `shop`\.events_raw_local\b/);
    const changed = statements.filter((text) => / MODIFY QUERY\s/.test(text));
    expect(changed.length).toBeGreaterThan(0);
    for (const mark of changed) expect(mark).toMatch(/\.\w+_mark ON CLUSTER[\s\S]+FROM `shop`\.events_raw_local\b/);
    const views = statements.filter((text) => text.startsWith("CREATE OR REPLACE VIEW"));
    expect(views.length).toBeGreaterThanOrEqual(readMartFiles().length);
    expect(views.filter((view) => view.includes("_local"))).toEqual([]);
  });

  it("is on one server what the files say, one statement each", async () => {
    const files = await Promise.all(
      ["migrations", "views", "marts"].map(async (folder) => {
        const directory = new URL(`../../warehouse/${folder}/`, import.meta.url);
        const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
        return Promise.all(names.map((name) => readFile(new URL(name, directory), "utf8")));
      }),
    );
    const expected = files.flat().flatMap((sql) =>
      sql
        .replace(/^[ \t]*--.*$/gm, "")
        .split(/;[ \t]*(?:\r?\n|$)/)
        .map((text) => text.trim())
        .filter(Boolean)
        .map((text) =>
          text
            .replaceAll("{database}", "`shop`")
            .replaceAll("{on_cluster}", "")
            .replace(/\{engine:(\w+)\}/g, "$1"),
        ),
    );
    expect((await migrationText()).slice(2)).toEqual(expected);
  });

  it("refuses a statement of which nobody said what it means there", () => {
    const topology = { database: "shop", cluster: "eu" };
    for (const sql of [
      "DROP TABLE {database}.events_raw",
      "INSERT INTO {database}.events_raw SELECT 1",
      "CREATE TABLE {database}.t {on_cluster} (a Int8) ENGINE = {engine:MergeTree} ORDER BY a",
      "CREATE TABLE IF NOT EXISTS {database}.t {on_cluster}\n(\n  a Int8\n)\nENGINE = MergeTree\nORDER BY a",
      "CREATE OR REPLACE VIEW {database}.v AS SELECT 1",
      "ALTER TABLE {database}.events_raw {on_cluster} ADD COLUMN a Int8, ADD INDEX i a TYPE minmax",
      "ALTER TABLE {database}.events_raw {on_cluster} UPDATE a = 1 WHERE 1",
    ]) {
      expect(() => renderStatements(sql, topology), sql).toThrow();
    }
    const setting = "ALTER TABLE {database}.events_raw {on_cluster} MODIFY SETTING ttl_only_drop_parts = 1";
    expect(renderStatements(setting, topology)).toEqual([
      "ALTER TABLE `shop`.events_raw_local ON CLUSTER `eu` MODIFY SETTING ttl_only_drop_parts = 1",
    ]);
  });
});

describe("two shards", () => {
  let dataDir: string;
  let server: RunningServer;
  let administration: ClickHouseClient;
  let single: ClickHouseClient;
  let sharded: ClickHouseClient;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "tessera-test-shards-"));
    const tcpPort = await freePort();
    const spec = await embeddedClickHouse(join(dataDir, "clickhouse"), await freePort());
    await defineShards(join(dataDir, "clickhouse", "config.xml"), tcpPort, new URL(spec.url).password);
    const files = { pidFile: join(dataDir, "clickhouse.json"), logFile: join(dataDir, "clickhouse.log") };
    server = await startServer(spec, { ...files, timeoutMs: 60_000 });
    administration = createWarehouse({ url: spec.url, database: "default" });
    await administration.command({ query: "SYSTEM START LISTEN TCP" });
    await migrateWarehouse(administration, "single");
    await migrateShards(administration);
    single = createWarehouse({ url: spec.url, database: "single" });
    sharded = createWarehouse({ url: spec.url, database: "sharded" });
    for (const warehouse of [single, sharded]) await insertShop(warehouse);
  }, 180_000);

  afterAll(async () => {
    await Promise.all([administration, single, sharded].map((client) => client?.close()));
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it("have rows on both, and each customer on one", async () => {
    const counts = await rows(
      sharded,
      "SELECT _shard_num AS shard, count() AS n FROM events_raw GROUP BY shard ORDER BY shard",
    );
    expect(counts).toHaveLength(2);
    const torn = await rows(
      sharded,
      "SELECT customer FROM events_raw GROUP BY project_id, customer HAVING uniqExact(_shard_num) > 1",
    );
    expect(torn).toEqual([]);
  });

  it("take a batch once under its token, and show an event once that was stored twice", async () => {
    const batch = await shopRows("prj_again");
    const never = new AbortController().signal;
    const stored = () => rows(sharded, "SELECT count() AS n FROM events_raw WHERE project_id = 'prj_again'");
    await deliver(sharded, batch, "token-1", never);
    await deliver(sharded, batch, "token-1", never);
    expect(await stored()).toEqual([{ n: batch.length }]);
    await deliver(sharded, batch, "token-2", never);
    expect(await rows(sharded, "SELECT count() AS n FROM events WHERE project_id = 'prj_again'")).toEqual([
      { n: batch.length },
    ]);
  });

  it("give the figures of one server, in every mart", async () => {
    for (const { name } of readMartFiles()) {
      const [wanted, got] = await Promise.all([single, sharded].map((warehouse) => martRows(warehouse, name)));
      expect([name, got]).toEqual([name, wanted]);
    }
    expect(await martRows(single, "orders")).not.toEqual([]);
    expect(await martRows(single, "campaigns_daily")).not.toEqual([]);
  }, 180_000);

  it("name the local tables to whoever deletes rows", async () => {
    expect(await rowsTable(single, "events_raw")).toBe("events_raw");
    expect(await rowsTable(sharded, "events_raw")).toBe("events_raw_local ON CLUSTER `pair`");
    await expect(rowsTable(single, "nothing")).rejects.toThrow("there is no table nothing");
  });
});

async function rows(warehouse: ClickHouseClient, query: string): Promise<unknown[]> {
  return (await warehouse.query({ query, format: "JSONEachRow" })).json();
}

async function martRows(warehouse: ClickHouseClient, mart: string): Promise<string[]> {
  const found = await rows(warehouse, `SELECT * FROM ${mart} WHERE project_id = 'prj_shop'`).catch((error) => {
    throw new Error(`${mart}: ${error.message}`);
  });
  return found.map((row) => JSON.stringify(row)).sort();
}

/** Each shard is a database of this one engine, reached over TCP as another server would be. */
async function defineShards(configFile: string, tcpPort: number, password: string): Promise<void> {
  const shard = (database: string) =>
    `<shard><replica><host>127.0.0.1</host><port>${tcpPort}</port><user>tessera</user><password>${password}</password><default_database>${database}</default_database></replica></shard>`;
  const config = await readFile(configFile, "utf8");
  const cluster = `<tcp_port>${tcpPort}</tcp_port><remote_servers><pair>${shard("shard_0")}${shard("shard_1")}</pair></remote_servers>`;
  await writeFile(configFile, config.replace("</clickhouse>", `${cluster}</clickhouse>`));
}

/**
 * The DDL of a cluster named "pair", with three changes that only this engine needs: nothing is replicated, local tables
 * are made in the database of each shard (ON CLUSTER would do that), and the distributed ones look in those.
 */
async function migrateShards(administration: ClickHouseClient): Promise<void> {
  for (const database of ["shard_0", "shard_1"]) await administration.command({ query: `CREATE DATABASE ${database}` });
  const run = async (query: string) => void (await administration.command({ query }));
  const recorder = {
    command: async ({ query }: { query: string }) => {
      const text = query
        .replace(/ ON CLUSTER `pair`/, "")
        .replace(/\bReplicated(\w*MergeTree)\b/, "$1")
        .replace("SETTINGS replicated_", "SETTINGS non_replicated_");
      if (text.includes("ENGINE = Distributed"))
        return run(text.replace(/AS `sharded`/, "AS shard_0").replace("`sharded`, ", "'', "));
      if (!/^(CREATE TABLE|CREATE MATERIALIZED VIEW|ALTER TABLE)/.test(text) || !text.includes("_local"))
        return run(text);
      for (const database of ["shard_0", "shard_1"]) await run(text.replaceAll("`sharded`", database));
    },
    query: async () => ({ json: async () => [] }),
    insert: async () => undefined,
  } as unknown as ClickHouseClient;
  await migrateWarehouse(recorder, "sharded", { cluster: "pair" });
}
