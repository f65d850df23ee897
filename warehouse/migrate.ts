/** Brings a ClickHouse database to the shape of this version of the product. */
import { readdir, readFile } from "node:fs/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { renderDdl, renderStatements, type Topology } from "./ddl.ts";

const appliedRow = z.object({ name: z.string() });

/**
 * Applies each numbered file of `migrations/` once, then makes all views and marts again. The database is created when
 * it is absent; the client itself may be connected to another one.
 *
 * May run again at any time, and by several starters at once: every statement can be repeated, so that the worst that
 * a race does is the same statement twice.
 *
 * @returns the names of the migrations applied by this call.
 * @throws ClickHouseError when a statement is refused; what came before it stays applied.
 */
export async function migrateWarehouse(
  client: ClickHouseClient,
  database: string,
  options: Pick<Topology, "cluster"> = {},
): Promise<string[]> {
  const topology: Topology = { database, ...options };
  const run = async (sql: string) => {
    for (const query of renderStatements(sql.trim(), topology)) await client.command({ query });
  };

  await run("CREATE DATABASE IF NOT EXISTS {database} {on_cluster}");
  await run(`
    CREATE TABLE IF NOT EXISTS {database}.schema_migration {on_cluster}
    (name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = {engine:ReplacingMergeTree} ORDER BY name`);

  const applied = await appliedMigrations(client, topology);
  const fresh: string[] = [];
  for (const { name, statements } of await sqlFiles("migrations")) {
    if (applied.has(name)) continue;
    for (const statement of statements) await run(statement);
    await client.insert({
      table: renderDdl("{database}.schema_migration", topology),
      values: [{ name }],
      columns: ["name"],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
    fresh.push(name);
  }
  for (const folder of ["views", "marts"]) {
    for (const { statements } of await sqlFiles(folder)) for (const statement of statements) await run(statement);
  }
  return fresh;
}

async function appliedMigrations(client: ClickHouseClient, topology: Topology): Promise<Set<string>> {
  const result = await client.query({
    query: renderDdl("SELECT DISTINCT name FROM {database}.schema_migration", topology),
    format: "JSONEachRow",
  });
  return new Set(
    z
      .array(appliedRow)
      .parse(await result.json())
      .map((row) => row.name),
  );
}

/** The names of the migrations that this version brings. */
export async function knownWarehouseMigrations(): Promise<Set<string>> {
  return new Set((await sqlFiles("migrations")).map(({ name }) => name));
}

/** Those that were ever applied; none where there is no such database yet. */
export async function appliedWarehouseMigrations(client: ClickHouseClient, database: string): Promise<Set<string>> {
  const found = await client.query({
    query: "SELECT name FROM system.tables WHERE database = {database: String} AND name = 'schema_migration'",
    query_params: { database },
    format: "JSONEachRow",
  });
  return z.array(appliedRow).parse(await found.json()).length === 0
    ? new Set()
    : appliedMigrations(client, { database });
}

/** A newer version has worked on the database. */
export class WarehouseTooNew extends Error {}

/**
 * Reads, and changes nothing.
 * @throws WarehouseTooNew naming the migrations that this version does not know.
 */
export async function refuseNewerWarehouse(client: ClickHouseClient, database: string): Promise<void> {
  const known = await knownWarehouseMigrations();
  const unknown = [...(await appliedWarehouseMigrations(client, database))].filter((name) => !known.has(name)).sort();
  if (unknown.length === 0) return;
  throw new WarehouseTooNew(
    `The ClickHouse database was used by a newer version: it has ${unknown.join(", ")}, and this version knows ` +
      `migrations up to ${[...known].at(-1) ?? "none"}.\nNothing was changed. Start the newer version, or restore a ` +
      "backup from before the upgrade.",
  );
}

/** In the order of their names, which is why marts that read other marts have later numbers. */
async function sqlFiles(folder: string): Promise<{ name: string; statements: string[] }[]> {
  const directory = new URL(`${folder}/`, import.meta.url);
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => ({ name, statements: statementsOf(await readFile(new URL(name, directory), "utf8")) })),
  );
}

/** A statement ends with a semicolon at the end of a line; HTTP takes one statement a request. Comment lines go first. */
function statementsOf(sql: string): string[] {
  return sql
    .replace(/^[ \t]*--.*$/gm, "")
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
