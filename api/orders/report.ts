/** A shop reports an order, or its next status. */
import type { Kysely } from "kysely";
import type { Event } from "../../ingest/events/events.ts";
import type { SignalsPart } from "../../ingest/events/parts.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import type { Auth } from "../http/environment.ts";
import { databaseNow, occurredAt } from "../http/occurred-at.ts";
import { Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { rollBackOrder } from "../redemptions/roll-back.ts";
import { releaseOrderHolds } from "../reservations/release.ts";
import { announceOrigin } from "../signals/announce-origin.ts";
import { sumOfLines } from "../validations/order-schema.ts";
import { findOrder, lockAllOfOrder, lockOrder, type OrderRow, readDiscounts } from "./queries.ts";
import type { OrderReport, OrderStatus } from "./schemas.ts";

/** Which status may follow. A first report may come with any: a shop need not announce what it has not finished. */
const next: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  created: ["paid", "cancelled"],
  paid: ["cancelled", "refunded"],
  cancelled: [],
  refunded: [],
};

/** Null: it may. Shared with the import of orders. */
export function statusConflict(known: OrderStatus, reported: OrderStatus): string | null {
  return next[known].includes(reported) ? null : `The order is ${known}; it cannot become ${reported}.`;
}

/**
 * Idempotent by id and status: a status that was reported before changes and announces nothing. A cancelled or
 * refunded order rolls its redemptions back in the same transaction.
 *
 * @throws Problem 409 `order_mismatch` for another customer or currency, `order_status_conflict` for a wrong status.
 */
export async function reportOrder(
  tx: Kysely<DB>,
  auth: Auth,
  report: OrderReport,
): Promise<{ row: OrderRow; outcome: "created" | "changed" | "unchanged" }> {
  const { projectId } = auth;
  const now = await databaseNow(tx);
  const at = occurredAt(auth, report.occurred_at, now);
  await lockOrder(tx, projectId, report.id);
  const customer = await ensureCustomer(tx, projectId, report.customer.identifier, at);
  const known = await findOrder(tx, projectId, report.id);
  if (known) {
    refuseMismatch(known, report, customer.id);
    if (await wasReported(tx, projectId, report)) return { row: known, outcome: "unchanged" };
    const conflict = statusConflict(known.status, report.status);
    if (conflict !== null) throw new Problem("order_status_conflict", conflict);
  }
  await store(tx, projectId, report, customer.id, { at, now, paidAt: known?.paid_at ?? null });
  if (report.status === "cancelled" || report.status === "refunded") {
    await lockAllOfOrder(tx, projectId, report.id);
    await releaseOrderHolds(tx, projectId, report.id);
    await rollBackOrder(tx, { projectId, orderId: report.id, at, reason: `order ${report.status}` });
  }
  await announce(tx, projectId, report, at);
  const row = await findOrder(tx, projectId, report.id);
  if (!row) throw new Error("the order that was just stored is not there");
  return { row, outcome: known ? "changed" : "created" };
}

function refuseMismatch(known: OrderRow, report: OrderReport, customerId: string): void {
  if (known.customer_id !== customerId) throw new Problem("order_mismatch", "The order belongs to another customer.");
  if (known.currency !== report.currency) throw new Problem("order_mismatch", `The order is in ${known.currency}.`);
}

async function wasReported(tx: Kysely<DB>, projectId: string, report: OrderReport): Promise<boolean> {
  const row = await tx
    .selectFrom("order_status")
    .select("status")
    .where("project_id", "=", projectId)
    .where("order_id", "=", report.id)
    .where("status", "=", report.status)
    .executeTakeFirst();
  return row !== undefined;
}

async function store(
  tx: Kysely<DB>,
  projectId: string,
  report: OrderReport,
  customerId: string,
  when: { readonly at: Date; readonly now: Date; readonly paidAt: Date | null },
): Promise<void> {
  const changing = {
    status: report.status,
    amount: sumOfLines(report),
    shipping_amount: report.shipping_amount ?? 0,
    items: JSON.stringify(report.items),
    occurred_at: when.at,
    paid_at: report.status === "paid" ? when.at : when.paidAt,
    updated_at: when.now,
  };
  await tx
    .insertInto("orders")
    .values({ project_id: projectId, id: report.id, customer_id: customerId, currency: report.currency, ...changing })
    .onConflict((oc) => oc.columns(["project_id", "id"]).doUpdateSet(changing))
    .execute();
  await tx
    .insertInto("order_status")
    .values({ project_id: projectId, order_id: report.id, status: report.status, occurred_at: when.at })
    .execute();
}

async function announce(tx: Kysely<DB>, projectId: string, report: OrderReport, at: Date): Promise<void> {
  const discounts = await readDiscounts(tx, projectId, report.id, report.items.length);
  await appendEvents(tx, [orderEvent(projectId, report, discounts, at, await announceOrigin(tx, projectId, report))]);
}

/** What live redemptions take off an order, in all and of each line. */
export interface OrderDiscounts {
  readonly total: number;
  readonly perLine: readonly number[];
}

/** What is announced of a reported order. Shared with the import of orders. */
export function orderEvent(
  projectId: string,
  report: OrderReport,
  discounts: OrderDiscounts,
  at: Date,
  signals?: SignalsPart,
): Event {
  const amount = sumOfLines(report);
  const shippingAmount = report.shipping_amount ?? 0;
  // The basket may have shrunk since the redemption; what is left to pay is never below nothing.
  const discountAmount = Math.min(discounts.total, amount + shippingAmount);
  return {
    event_id: newId("evt"),
    project_id: projectId,
    type: `order.${report.status}`,
    version: 1,
    occurred_at: at.toISOString(),
    payload: {
      customer: report.customer.identifier,
      ...(signals === undefined ? {} : { signals }),
      order: {
        id: report.id,
        currency: report.currency,
        amount,
        shipping_amount: shippingAmount,
        discount_amount: discountAmount,
        total_amount: amount + shippingAmount - discountAmount,
        channel: report.channel ?? null,
        store_id: report.store_id ?? null,
        items: report.items.map((item, index) => ({
          sku: item.sku,
          product_id: item.product_id ?? null,
          quantity: item.quantity,
          unit_amount: item.unit_amount,
          ...(item.unit_cost_amount === undefined ? {} : { unit_cost_amount: item.unit_cost_amount }),
          categories: item.categories ?? [],
          discount_amount: discounts.perLine[index] ?? 0,
        })),
      },
    },
  };
}
