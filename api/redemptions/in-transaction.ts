/** Lets a transaction of Kysely run the statements that are written for the pool. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { FunctionAnswer, Runner } from "./take.ts";

export function inTransaction(tx: Kysely<DB>): Runner {
  return {
    query: ({ values }) => sql<FunctionAnswer>`select * from roll_back(${values[0]}::jsonb)`.execute(tx),
  };
}
