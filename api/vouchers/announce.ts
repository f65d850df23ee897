/** Tells the warehouse of what happens to a voucher. */
import type { Kysely, Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { PublicationWire } from "../publications/schemas.ts";
import type { VoucherWire } from "./schemas.ts";

export type VoucherEventType =
  | "voucher.created"
  | "voucher.disabled"
  | "voucher.enabled"
  | "voucher.assigned"
  | "voucher.expiry_changed";

type AnnouncedVoucher = Pick<VoucherWire, "id" | "campaign_id" | "code" | "kind" | "customer" | "balance_amount"> & {
  readonly batch_id: string | null;
  readonly expires_at: string | Date | null;
};

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
      ...balancePart(voucher.balance_amount),
      ...lifePart(voucher),
    },
  }));
  await appendEvents(tx, events);
}

export interface Handed {
  readonly voucher: Pick<
    AnnouncedVoucher,
    "id" | "campaign_id" | "kind" | "balance_amount" | "batch_id" | "expires_at"
  >;
  readonly publication: PublicationWire;
}

export async function announcePublications(
  tx: Transaction<DB>,
  projectId: string,
  handed: readonly Handed[],
): Promise<void> {
  const events = handed.map(({ voucher, publication }) => ({
    event_id: newId("evt"),
    project_id: projectId,
    type: "voucher.published" as const,
    version: 1 as const,
    occurred_at: publication.published_at,
    payload: {
      voucher_id: voucher.id,
      campaign_id: voucher.campaign_id,
      code: publication.code,
      kind: voucher.kind,
      customer: publication.customer.identifier,
      publication_id: publication.id,
      channel: publication.channel,
      ...balancePart(voucher.balance_amount),
      ...lifePart(voucher),
    },
  }));
  await appendEvents(tx, events);
}

function lifePart({ expires_at, batch_id }: Pick<AnnouncedVoucher, "batch_id" | "expires_at">) {
  return {
    expires_at: expires_at instanceof Date ? expires_at.toISOString() : expires_at,
    ...(batch_id === null ? {} : { batch_id }),
  };
}

/** What gift cards hold is part of what is announced; other vouchers say nothing of it. */
export function balancePart(balance: number | null): { balance_amount?: number } {
  return balance === null ? {} : { balance_amount: balance };
}
