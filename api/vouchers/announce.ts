/** Tells the warehouse of what happens to a voucher. */
import type { Kysely, Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { PublicationWire, VoucherWire } from "./schemas.ts";

export type VoucherEventType = "voucher.created" | "voucher.disabled" | "voucher.enabled" | "voucher.assigned";

type AnnouncedVoucher = Pick<VoucherWire, "id" | "campaign_id" | "code" | "kind" | "customer" | "balance_amount">;

export async function announceVoucher(
  tx: Transaction<DB>,
  projectId: string,
  type: VoucherEventType,
  voucher: VoucherWire,
): Promise<void> {
  await announceVouchers(tx, projectId, type, [voucher], voucher.updated_at);
}

export async function announceVouchers(
  tx: Kysely<DB>,
  projectId: string,
  type: VoucherEventType,
  vouchers: readonly AnnouncedVoucher[],
  occurredAt: string,
): Promise<void> {
  const events = vouchers.map((voucher) => ({
    event_id: newId("evt"),
    project_id: projectId,
    type,
    version: 1 as const,
    occurred_at: occurredAt,
    payload: {
      voucher_id: voucher.id,
      campaign_id: voucher.campaign_id,
      code: voucher.code,
      kind: voucher.kind,
      customer: voucher.customer?.identifier ?? null,
      ...(type === "voucher.created" && balancePart(voucher.balance_amount)),
    },
  }));
  await appendEvents(tx, events);
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

/** What gift cards are issued with is part of what is announced; other vouchers say nothing of it. */
export function balancePart(balance: number | null): { balance_amount?: number } {
  return balance === null ? {} : { balance_amount: balance };
}
