/** Tells the warehouse of what happens to a voucher. */
import type { Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { PublicationWire, VoucherWire } from "./schemas.ts";

type VoucherEventType = "voucher.created" | "voucher.disabled" | "voucher.enabled";

export async function announceVoucher(
  tx: Transaction<DB>,
  projectId: string,
  type: VoucherEventType,
  voucher: VoucherWire,
): Promise<void> {
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type,
      version: 1,
      occurred_at: voucher.updated_at,
      payload: {
        voucher_id: voucher.id,
        campaign_id: voucher.campaign_id,
        code: voucher.code,
        kind: voucher.kind,
        customer: voucher.customer?.identifier ?? null,
      },
    },
  ]);
}

export async function announcePublication(
  tx: Transaction<DB>,
  projectId: string,
  kind: VoucherWire["kind"],
  publication: PublicationWire,
): Promise<void> {
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type: "voucher.published",
      version: 1,
      occurred_at: publication.published_at,
      payload: {
        voucher_id: publication.voucher_id,
        campaign_id: publication.campaign_id,
        code: publication.code,
        kind,
        customer: publication.customer.identifier,
        publication_id: publication.id,
        channel: publication.channel,
      },
    },
  ]);
}
