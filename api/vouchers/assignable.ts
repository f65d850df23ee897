/** Whether a voucher may be kept for another customer than now; undefined when it may. */
import type { Selectable } from "kysely";
import type { DB } from "../db/tables.ts";

type Assigned = Pick<Selectable<DB["voucher"]>, "customer_id" | "redemptions_count" | "status">;

export function whyNotAssignable(voucher: Assigned): string | undefined {
  if (voucher.redemptions_count > 0) return "The voucher has been used.";
  if (voucher.customer_id !== null && voucher.status !== "created") {
    return `The voucher is ${voucher.status} and belongs to another customer.`;
  }
  return undefined;
}
