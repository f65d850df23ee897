/** Orders the messages that bring what was published. */
import { sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { enqueueDelivery } from "../deliveries/enqueue.ts";
import { announceProgress } from "./announce.ts";
import type { PublicationWire } from "./schemas.ts";

export interface DeliverBy {
  readonly channelId: string;
  readonly templateId: string;
}

interface Published {
  readonly publication: PublicationWire;
  readonly customerId: string;
}

/**
 * One that may not be sent is announced as skipped by the delivery, and its code goes back when that is read: here it is
 * only noted.
 *
 * @returns the publications as they are now.
 */
export async function deliverPublications(
  tx: Transaction<DB>,
  projectId: string,
  { channelId, templateId }: DeliverBy,
  published: readonly Published[],
  at: Date,
): Promise<PublicationWire[]> {
  const shown: PublicationWire[] = [];
  for (const { publication, customerId } of published) {
    const order = {
      channelId,
      templateId,
      customerId,
      variables: {},
      publicationId: publication.id,
      sourceId: `publication:${publication.id}`,
    };
    const { id, status } = await enqueueDelivery(tx, projectId, order, at);
    shown.push({ ...publication, delivery_id: id, status: status === "queued" ? "queued" : publication.status });
  }
  await sql`
    update publication p set delivery_id = d.delivery_id, status = d.status, updated_at = ${at}::timestamptz
    from unnest(
      ${shown.map((each) => each.id)}::text[], ${shown.map((each) => each.delivery_id)}::text[],
      ${shown.map((each) => each.status)}::text[]) as d(id, delivery_id, status)
    where p.project_id = ${projectId} and p.id = d.id
  `.execute(tx);
  const queued = shown.filter((each) => each.status === "queued");
  const announced = queued.map((each) => ({ ...each, customer: each.customer.identifier }));
  await announceProgress(tx, projectId, "publication.queued", announced, at);
  return shown;
}
