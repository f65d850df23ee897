import { type Kysely, sql } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { announceCustomer, customerEvent } from "./announce.ts";
import { findCustomerIds, insertCustomer, insertCustomers } from "./queries.ts";

/**
 * The customer of this identifier; made, and announced, when it was never seen before. Run it inside the transaction
 * of what the customer did, before a campaign or a voucher is locked. Of two that come at once one makes the row and
 * the other waits for it, and so do redemptions, before they lock anything but their order.
 */
export async function ensureCustomer(
  tx: Kysely<DB>,
  projectId: string,
  identifier: string,
  at: Date,
): Promise<{ id: string; created: boolean }> {
  const known = await findId(tx, projectId, identifier);
  if (known) return { id: known.id, created: false };
  await sql`select lock_newcomer(${projectId}, ${identifier})`.execute(tx);
  const row = await insertCustomer(tx, { id: newId("cus"), projectId, identifier, at });
  if (row) {
    await announceCustomer(tx, "customer.created", row, at);
    return { id: row.id, created: true };
  }
  const other = await findId(tx, projectId, identifier);
  if (!other) throw new Error("a customer is neither new nor there");
  return { id: other.id, created: false };
}

/** The ids of many customers in a few statements; the same identifier may come twice. */
export async function ensureCustomers(
  tx: Kysely<DB>,
  projectId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<string[]> {
  const wanted = [...new Set(identifiers)];
  const known = await findCustomerIds(tx, projectId, wanted);
  const missing = wanted.filter((identifier) => !known.has(identifier));
  if (missing.length === 0) return [...known.values()];
  const made = await insertCustomers(tx, projectId, missing, at);
  await appendEvents(
    tx,
    made.map((row) => customerEvent("customer.created", row, at)),
  );
  const all = await findCustomerIds(tx, projectId, wanted);
  if (all.size !== wanted.length) throw new Error("a customer is neither new nor there");
  return [...all.values()];
}

function findId(tx: Kysely<DB>, projectId: string, identifier: string) {
  return tx
    .selectFrom("customer")
    .select("id")
    .where("project_id", "=", projectId)
    .where("identifier", "=", identifier)
    .executeTakeFirst();
}
