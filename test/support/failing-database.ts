/** A database that fails at a chosen statement, once: the transaction it belongs to comes to nothing. */
import {
  Kysely,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  PostgresDialect,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from "kysely";
import type pg from "pg";
import type { DB } from "../../api/db/tables.ts";

export interface FailingDatabase {
  readonly db: Kysely<DB>;
  /** Statements so far. */
  count(): number;
  /** Whether it has failed. */
  hasFailed(): boolean;
}

/**
 * @param at the statement, from 1, that is done and then lost.
 * @param cut ends the connection of the statement instead of failing beside it.
 */
export function failingAt(pool: pg.Pool, at: number, cut?: () => Promise<void>): FailingDatabase {
  const state = { count: 0, failed: false };
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }: PluginTransformQueryArgs): RootOperationNode => node,
    transformResult: async ({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> => {
      state.count += 1;
      if (state.count !== at) return result;
      state.failed = true;
      if (cut === undefined) throw new Error("the test lets this statement fail");
      await cut();
      return result;
    },
  };
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }), plugins: [plugin] });
  return { db, count: () => state.count, hasFailed: () => state.failed };
}
