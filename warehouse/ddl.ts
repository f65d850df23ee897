/** What differs between the DDL of one server and of a cluster. Everything else in the SQL files is plain ClickHouse. */

export interface Topology {
  readonly database: string;
  /** Name of the ClickHouse cluster, whose servers define the macros of replicated tables. Undefined: one server. */
  readonly cluster?: string | undefined;
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
const token = /\{([a-z_]+)(?::(\w+))?\}/g;

function quoted(name: string): string {
  if (!identifier.test(name)) throw new Error(`not a ClickHouse name: ${JSON.stringify(name)}`);
  return `\`${name}\``;
}

/**
 * Fills in `{database}`, `{on_cluster}` and `{engine:ReplacingMergeTree}` (any MergeTree engine without arguments).
 *
 * @throws Error on any other token, so that a misspelt one never reaches a server.
 */
export function renderDdl(sql: string, topology: Topology): string {
  return sql.replace(token, (text, word: string, argument: string | undefined) => {
    if (word === "database" && argument === undefined) return quoted(topology.database);
    if (word === "on_cluster" && argument === undefined) {
      return topology.cluster === undefined ? "" : `ON CLUSTER ${quoted(topology.cluster)}`;
    }
    if (word === "engine" && argument?.endsWith("MergeTree")) {
      return topology.cluster === undefined ? argument : `Replicated${argument}`;
    }
    throw new Error(`unknown token ${text} in warehouse SQL`);
  });
}

/**
 * A statement of the SQL files as it is run: on one server itself, on a cluster what it means there.
 *
 * There a table is one of the rows of this shard, replicated, under the name with `_local`, and one over all shards
 * under its own name, through which everything is read and inserted. Rows are spread by project and customer, so that
 * all copies of an event meet on one shard, where FINAL and deduplication tokens see them. A materialized view works on
 * each shard alone, from local table to local table.
 *
 * @throws Error on a statement of which it is not known what it means on a cluster.
 */
export function renderStatements(sql: string, topology: Topology): string[] {
  const statements = topology.cluster === undefined ? [sql] : onCluster(sql, topology.cluster);
  return statements.map((statement) => renderDdl(statement, topology));
}

export const localName = (table: string) => `${table}_local`;

const tableStatement = /^CREATE TABLE IF NOT EXISTS \{database\}\.(\w+) \{on_cluster\}\s*\(/;
const changeStatement = /^ALTER TABLE \{database\}\.(\w+) \{on_cluster\}/;
const markStatement = /^CREATE MATERIALIZED VIEW IF NOT EXISTS \{database\}\.\w+ \{on_cluster\}\s+TO \{database\}\.\w+/;
const changedMark = /^ALTER TABLE \{database\}\.\w+ \{on_cluster\}\s+MODIFY QUERY\s/;
const sameEverywhere = /^CREATE (DATABASE IF NOT EXISTS|OR REPLACE VIEW) /;

function onCluster(sql: string, cluster: string): string[] {
  const [, made] = tableStatement.exec(sql) ?? [];
  if (made !== undefined) return [localTable(sql, made), distributedTable(sql, made, cluster)];
  if (changedMark.test(sql)) return [sql.replace(/\b(FROM \{database\}\.\w+)/g, "$1_local")];
  const [, changed] = changeStatement.exec(sql) ?? [];
  if (changed !== undefined) {
    const local = renamed(sql, changed);
    return changesOnlyColumns(sql) ? [local, sql] : [local];
  }
  if (markStatement.test(sql)) return [sql.replace(/\b((?:TO|FROM) \{database\}\.\w+)/g, "$1_local")];
  if (sameEverywhere.test(sql) && sql.includes("{on_cluster}")) return [sql];
  throw new Error(`this statement has no meaning on a cluster yet: ${sql.slice(0, 120)}`);
}

function renamed(sql: string, table: string): string {
  return sql.replace(`{database}.${table} `, `{database}.${localName(table)} `);
}

function localTable(sql: string, table: string): string {
  if (!/\n\s*ENGINE = \{engine:\w+\}/.test(sql)) throw new Error(`the table ${table} has no {engine:…}`);
  return renamed(sql, table).replace(/\bnon_replicated_deduplication_window\b/, "replicated_deduplication_window");
}

function distributedTable(sql: string, table: string, cluster: string): string {
  const local = localName(table);
  return `CREATE TABLE IF NOT EXISTS {database}.${table} {on_cluster} AS {database}.${local}
ENGINE = Distributed(${quoted(cluster)}, {database}, ${quoted(local)}, cityHash64(${shardingColumns(sql)}))`;
}

/** What is of no project is small, and spread by whatever its rows are found by. */
function shardingColumns(sql: string): string {
  const columns = ["project_id", "customer"].filter((column) => new RegExp(`^\\s*${column}\\s`, "m").test(sql));
  if (columns.length > 0) return columns.join(", ");
  const [, first] = /\bORDER BY \(?(\w+)/.exec(sql) ?? [];
  if (first === undefined) throw new Error("a table needs an ORDER BY");
  return first;
}

/** Columns are those of both tables; indexes, constraints, TTL and settings are of the one that holds the rows. */
function changesOnlyColumns(sql: string): boolean {
  const bare = sql.replace(/'(?:[^'\\]|\\.|'')*'/g, "''");
  const kinds = [
    ...bare.matchAll(/(?:^|[,}\n])\s*(?:ADD|DROP|MODIFY|CLEAR|RENAME|COMMENT|MATERIALIZE|REMOVE)\s+(\w+)/g),
  ].map(([, kind]) => kind);
  const columns = kinds.filter((kind) => kind === "COLUMN").length;
  if (kinds.length === 0 || (columns !== 0 && columns !== kinds.length)) {
    throw new Error(`change columns and other things in statements of their own: ${sql.slice(0, 120)}`);
  }
  return columns > 0;
}
