import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { DB } from "./tables.ts";

const int8 = 20;
const int8Array = 1016;
const date = 1082;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 value ${text} is beyond a safe integer`);
  return value;
}

/** Parsers of this pool only: int8 as a safe number, date as "YYYY-MM-DD". */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format !== "binary") {
      if (oid === int8) return safeInteger;
      if (oid === int8Array) return (text: string) => text.slice(1, -1).split(",").filter(Boolean).map(safeInteger);
      if (oid === date) return (text: string) => text;
    }
    return pg.types.getTypeParser(oid, format as "text");
  }) as pg.CustomTypesConfig["getTypeParser"],
};

export interface PoolOptions {
  readonly connectionString: string;
  /** Connections at most. */
  readonly max: number;
  readonly applicationName: string;
  /** For connections that answer requests: every statement finds its few rows by an index, and is planned once. */
  readonly answersRequests?: boolean;
}

/**
 * Planning the read of a decision takes several times as long as running it, and Postgres would plan it anew for every
 * request, because an array of unknown length looks dearer to it than one of known length. A plan that is made once, on
 * tables that may still be empty, must not scan or hash them when they have grown.
 */
const planOnce =
  "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";

/** A pool whose sessions bound every wait: 10 s a statement, 5 s for a lock, 10 s idle in a transaction. */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max,
    application_name: options.applicationName,
    statement_timeout: 10_000,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 10_000,
    connectionTimeoutMillis: 10_000,
    // And no plan outlives what the tables looked like when it was made by much.
    ...(options.answersRequests === true && { options: planOnce, maxLifetimeSeconds: 600 }),
    types,
  });
  // A connection that breaks between two queries, idle or inside a transaction, tells its listeners, and without one
  // ends the process. Nothing is hidden: the pool drops an idle one, and the next query of a transaction fails.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

export function createKysely(pool: pg.Pool): Kysely<DB> {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}
