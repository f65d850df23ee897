import type { z } from "@hono/zod-openapi";
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { orderWire } from "./schemas.ts";

function selectOrders(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("orders as o")
    .innerJoin("customer as c", (join) =>
      join.onRef("c.project_id", "=", "o.project_id").onRef("c.id", "=", "o.customer_id"),
    )
    .selectAll("o")
    .select("c.identifier as customer_identifier")
    .where("o.project_id", "=", projectId);
}

export function findOrder(db: Kysely<DB>, projectId: string, id: string) {
  return selectOrders(db, projectId).where("o.id", "=", id).executeTakeFirst();
}

export type OrderRow = NonNullable<Awaited<ReturnType<typeof findOrder>>>;

/** By id, downwards; `before` is the last id seen. */
export function listOrders(
  db: Kysely<DB>,
  projectId: string,
  filter: { readonly customer: string | undefined; readonly before: string | undefined },
  limit: number,
): Promise<OrderRow[]> {
  const { customer, before } = filter;
  return selectOrders(db, projectId)
    .$if(customer !== undefined, (query) => query.where("c.identifier", "=", customer ?? ""))
    .$if(before !== undefined, (query) => query.where("o.id", "<", before ?? ""))
    .orderBy("o.id", "desc")
    .limit(limit + 1)
    .execute();
}

/**
 * What live redemptions still take off the order: in all, and per line where the lines are still as many. What is only
 * held takes nothing off.
 */
export async function readDiscounts(tx: Kysely<DB>, projectId: string, orderId: string, lines: number) {
  const codes = await tx
    .selectFrom("redemption_code as rc")
    .innerJoin("redemption as r", (join) =>
      join.onRef("r.project_id", "=", "rc.project_id").onRef("r.id", "=", "rc.redemption_id"),
    )
    .select(["rc.discount_amount", "rc.items_discount", "rc.items_returned", "rc.shipping_returned"])
    .where("rc.project_id", "=", projectId)
    .where("rc.order_id", "=", orderId)
    .where("rc.live", "=", true)
    .execute();
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const perLine = Array.from({ length: lines }, (_, line) =>
    sum(
      codes.map((code) =>
        code.items_discount.length === lines ? (code.items_discount[line] ?? 0) - (code.items_returned[line] ?? 0) : 0,
      ),
    ),
  );
  const total = sum(codes.map((code) => code.discount_amount - code.shipping_returned - sum(code.items_returned)));
  return { total, perLine };
}

/** Serializes with redemptions and rollbacks of the same order until the transaction ends. */
export async function lockOrder(tx: Kysely<DB>, projectId: string, orderId: string): Promise<void> {
  await sql`select lock_order(${projectId}, ${orderId})`.execute(tx);
}

/**
 * For an order that is over: locks all that its holds and redemptions took, in the one order, before the first of them
 * is given back. One after the other they would lock a campaign after a voucher.
 */
export async function lockAllOfOrder(tx: Kysely<DB>, projectId: string, orderId: string): Promise<void> {
  await sql`select lock_all_of_order(${projectId}, ${orderId})`.execute(tx);
}

export function toOrderWire(row: OrderRow): z.output<typeof orderWire> {
  return {
    id: row.id,
    customer: { identifier: row.customer_identifier },
    status: row.status,
    currency: row.currency,
    amount: row.amount,
    shipping_amount: row.shipping_amount,
    // Written by `report` from a body that this schema had parsed.
    items: row.items as z.output<typeof orderWire>["items"],
    occurred_at: row.occurred_at.toISOString(),
    paid_at: row.paid_at?.toISOString() ?? null,
    updated_at: row.updated_at.toISOString(),
  };
}
