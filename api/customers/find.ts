/** One customer, for every feature that needs it. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import type { CustomerRow } from "./queries.ts";

export type { CustomerRow };

export function findCustomer(db: Kysely<DB>, projectId: string, identifier: string): Promise<CustomerRow | undefined> {
  return db
    .selectFrom("customer")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("identifier", "=", identifier)
    .executeTakeFirst();
}
