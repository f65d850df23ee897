/** A stored voucher as clients see it. */
import type { Selectable } from "kysely";
import { voucherLimitsSchema } from "../campaigns/limits-schema.ts";
import { parseStoredRules } from "../campaigns/rule-schema.ts";
import type { DB } from "../db/tables.ts";
import type { VoucherWire } from "./schemas.ts";

/** A voucher with the identifier of the customer it is assigned to. */
export type VoucherRow = Selectable<DB["voucher"]> & { readonly customer_identifier: string | null };

type StatusColumns = Pick<
  VoucherRow,
  "status" | "expires_at" | "holds_count" | "redemptions_count" | "redemptions_max"
>;

/**
 * A voucher past its end shows as expired, unless its status says more; one whose last use is held by a reservation as
 * reserved.
 */
export function shownStatus(row: StatusColumns, now: Date): VoucherWire["status"] {
  const usedUp = row.redemptions_max !== null && row.redemptions_count >= row.redemptions_max;
  if (row.holds_count > 0 && usedUp && row.status !== "disabled") return "reserved";
  const open = row.status === "created" || row.status === "distributed";
  return open && row.expires_at !== null && row.expires_at <= now ? "expired" : row.status;
}

export function toWire(row: VoucherRow, now: Date): VoucherWire {
  return {
    id: row.id,
    code: row.code,
    campaign_id: row.campaign_id,
    kind: row.kind,
    status: shownStatus(row, now),
    redemptions_max: row.redemptions_max,
    redemptions_count: row.redemptions_count,
    discount_amount: row.discount_amount,
    balance_amount: row.balance_amount,
    customer: row.customer_identifier === null ? null : { identifier: row.customer_identifier },
    batch_id: row.batch_id,
    starts_at: row.starts_at?.toISOString() ?? null,
    expires_at: row.expires_at?.toISOString() ?? null,
    limits: voucherLimitsSchema.parse(row.limits),
    rules: parseStoredRules(row.rules),
    metadata: row.metadata as VoucherWire["metadata"],
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
