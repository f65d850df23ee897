/** Tells of what became of publications; that they were made is told with the voucher. */
import type { Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";

export interface AnnouncedPublication {
  readonly id: string;
  readonly campaign_id: string | null;
  readonly pool_id: string | null;
  readonly customer: string;
  readonly channel: string;
  readonly delivery_id: string | null;
}

export async function announceProgress(
  tx: Transaction<DB>,
  projectId: string,
  type: "pool_code.published" | "publication.queued" | "publication.delivered",
  publications: readonly AnnouncedPublication[],
  at: Date,
): Promise<void> {
  await appendEvents(
    tx,
    publications.map((each) => ({ ...envelope(projectId, at), type, payload: payloadOf(each) })),
  );
}

export async function announceFailure(
  tx: Transaction<DB>,
  projectId: string,
  publication: AnnouncedPublication & { readonly voucher_id: string | null; readonly ended_before: Date | null },
  { reason, isReturned }: { readonly reason: string; readonly isReturned: boolean },
  at: Date,
): Promise<void> {
  const payload = { ...payloadOf(publication), reason };
  const { voucher_id, ended_before } = publication;
  const returned = { ...payload, voucher_id, expires_at: ended_before?.toISOString() ?? null };
  await appendEvents(tx, [
    isReturned
      ? { ...envelope(projectId, at), type: "publication.returned", payload: returned }
      : { ...envelope(projectId, at), type: "publication.failed", payload },
  ]);
}

function envelope(projectId: string, at: Date) {
  return { event_id: newId("evt"), project_id: projectId, version: 1 as const, occurred_at: at.toISOString() };
}

function payloadOf({ id, ...publication }: AnnouncedPublication) {
  const { campaign_id, pool_id, customer, channel, delivery_id } = publication;
  return { publication_id: id, campaign_id, pool_id, customer, channel, delivery_id };
}
