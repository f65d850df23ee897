/** Transactions of a request: what they change is put down to its key in the audit log. */
import type { Context } from "hono";
import { sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { AppEnv } from "./environment.ts";

/** Runs `work` in one transaction that is signed with the request's key. */
export function inTransaction<T>(c: Context<AppEnv>, work: (tx: Transaction<DB>) => Promise<T>): Promise<T> {
  return c.var.deps.db.transaction().execute(async (tx) => {
    await sign(c, tx);
    return work(tx);
  });
}

/** Until the transaction ends, and no longer: the connection is somebody else's afterwards. */
async function sign(c: Context<AppEnv>, tx: Transaction<DB>): Promise<void> {
  await sql`
    select set_config('tessera.actor', ${c.var.auth.keyId}, true), set_config('tessera.request', ${c.var.requestId}, true)
  `.execute(tx);
}
