/** The few words in which the DDL of one server and of a cluster differ. Everything else in the SQL files is plain ClickHouse. */

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
