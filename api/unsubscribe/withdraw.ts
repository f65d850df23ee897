import { type Kysely, sql } from "kysely";
import { announceCustomer } from "../customers/announce.ts";
import type { DB } from "../db/tables.ts";
import type { Subscription } from "./token.ts";

/** Takes consent back, and announces the customer as changed; the second time it changes and announces nothing. */
export async function withdrawConsent(
  tx: Kysely<DB>,
  { projectId, customerId, kind }: Subscription,
  at: Date,
): Promise<void> {
  const row = await tx
    .updateTable("customer")
    .set({
      consent: sql`jsonb_set(consent, array[${kind}::text], 'false')`,
      updated_at: at,
    })
    .where("project_id", "=", projectId)
    .where("id", "=", customerId)
    .where(sql<boolean>`consent -> ${kind}::text is distinct from 'false'`)
    .returningAll()
    .executeTakeFirst();
  if (row !== undefined) await announceCustomer(tx, "customer.updated", row, at);
}
