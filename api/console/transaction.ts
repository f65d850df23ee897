import type { Context } from "hono";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { AppEnv } from "../http/environment.ts";
import { inTransaction } from "../http/transaction.ts";
import type { ConsoleEnv } from "./viewer.ts";

/** One transaction, put down to the viewer's key in the audit log: a page has all that a request of the API has. */
export function inConsole<T>(c: Context<ConsoleEnv>, work: (tx: Transaction<DB>) => Promise<T>): Promise<T> {
  return inTransaction(c as unknown as Context<AppEnv>, work);
}
