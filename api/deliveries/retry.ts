import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { announceDelivery } from "./announce.ts";
import { findCustomerById, lockDelivery } from "./queries.ts";

/**
 * Queues a delivery again that failed or was skipped. One that brings a voucher is not: the voucher went back, and may be
 * somebody else's by now.
 *
 * @throws Problem `not_found`, `conflict`
 */
export async function retryDelivery(tx: Transaction<DB>, projectId: string, id: string, at: Date): Promise<void> {
  const row = await lockDelivery(tx, projectId, id);
  if (row === undefined) throw notFound("delivery");
  if (row.status !== "failed" && row.status !== "skipped") {
    throw new Problem("conflict", `The delivery is ${row.status}: only one that failed or was skipped is tried again.`);
  }
  if (row.publication_id !== null) {
    throw new Problem("conflict", "The voucher that it brings went back: publish it again.");
  }
  const customer = await findCustomerById(tx, projectId, row.customer_id);
  if (customer === undefined) throw new Error("the customer of a delivery is gone");
  const queued = await tx
    .updateTable("delivery")
    // It is as old as now, and has all of its attempts again: how long it may wait and how often it is tried count from here.
    .set({ status: "queued", reason: null, tries: 0, next_attempt_at: at, created_at: at, updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await announceDelivery(tx, "delivery.queued", queued, customer.identifier, at);
}
