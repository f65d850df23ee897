import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import type { DB } from "../db/tables.ts";

/** The query builder on one connection that is already checked out, so that it takes part in that transaction. */
export function kyselyOn(client: pg.PoolClient): Kysely<DB> {
  const lent = {
    query: client.query.bind(client),
    release: () => undefined,
  };
  return new Kysely<DB>({
    dialect: new PostgresDialect({
      pool: { connect: async () => lent as unknown as pg.PoolClient, end: async () => undefined },
    }),
  });
}
