import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { announceCustomer } from "./announce.ts";
import { insertCustomer } from "./queries.ts";

/**
 * The customer of this identifier; made, and announced, when it was never seen before. Run it inside the transaction
 * of what the customer did. Of two that come at once one makes the row and the other waits for it.
 */
export async function ensureCustomer(
  tx: Kysely<DB>,
  projectId: string,
  identifier: string,
  at: Date,
): Promise<{ id: string; created: boolean }> {
  const known = await findId(tx, projectId, identifier);
  if (known) return { id: known.id, created: false };
  const row = await insertCustomer(tx, { id: newId("cus"), projectId, identifier, at });
  if (row) {
    await announceCustomer(tx, "customer.created", row, at);
    return { id: row.id, created: true };
  }
  const other = await findId(tx, projectId, identifier);
  if (!other) throw new Error("a customer is neither new nor there");
  return { id: other.id, created: false };
}

function findId(tx: Kysely<DB>, projectId: string, identifier: string) {
  return tx
    .selectFrom("customer")
    .select("id")
    .where("project_id", "=", projectId)
    .where("identifier", "=", identifier)
    .executeTakeFirst();
}
