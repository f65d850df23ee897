import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import type { RunRow } from "./runs.ts";

/** Why what set a run off is no more, by now; null while it stands. */
export async function stillStands(db: Kysely<DB>, { project_id, trigger }: RunRow): Promise<string | null> {
  if (trigger.type === "order.paid" || trigger.type === "orders.reached") {
    const order = await db
      .selectFrom("orders")
      .select("status")
      .where("project_id", "=", project_id)
      .where("id", "=", trigger.order?.id ?? "")
      .executeTakeFirst();
    return order?.status === "cancelled" || order?.status === "refunded" ? `order_${order.status}` : null;
  }
  if (trigger.type === "redemption.succeeded" && trigger.redemptionId !== undefined) {
    const redemption = await db
      .selectFrom("redemption")
      .select("status")
      .where("project_id", "=", project_id)
      .where("id", "=", trigger.redemptionId)
      .executeTakeFirst();
    return redemption?.status === "rolled_back" ? "redemption_rolled_back" : null;
  }
  const voucherId = trigger.voucherIds.at(-1);
  if (trigger.type !== "voucher.expiring" || voucherId === undefined) return null;
  const voucher = await db
    .selectFrom("voucher")
    .select("status")
    .where("project_id", "=", project_id)
    .where("id", "=", voucherId)
    .executeTakeFirst();
  return voucher?.status === "created" || voucher?.status === "distributed" ? null : "voucher_not_open";
}
