/** Who does something to a review: a key, whether it came as a bearer or by a page's session. */
import { sql, type Transaction } from "kysely";
import type pg from "pg";
import type { DB } from "../db/tables.ts";
import { kyselyOn } from "../vouchers/kysely-on.ts";

export interface Actor {
  readonly keyId: string;
  /** Goes into the audit log beside what was done. */
  readonly requestId: string;
}

/** The same transaction twice: for statements written for Kysely, and for those written for a connection. */
export interface SignedTransaction {
  readonly tx: Transaction<DB>;
  readonly client: pg.PoolClient;
}

/** Runs `work` in one transaction; what it changes is put down to the actor in the audit log. */
export async function signedTransaction<T>(
  pool: pg.Pool,
  actor: Actor,
  work: (transaction: SignedTransaction) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // Between begin and commit of its connection it is one.
  const tx = kyselyOn(client) as Transaction<DB>;
  let failed = true;
  try {
    await client.query("begin");
    await sql`
      select set_config('tessera.actor', ${actor.keyId}, true), set_config('tessera.request', ${actor.requestId}, true)
    `.execute(tx);
    const result = await work({ tx, client });
    await client.query("commit");
    failed = false;
    return result;
  } finally {
    // Ending the connection undoes everything, whatever state it was left in.
    if (failed)
      await client.query("rollback").then(
        () => client.release(),
        () => client.release(true),
      );
    else client.release();
  }
}
