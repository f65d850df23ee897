import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Customer } from "./facts.ts";
import type { Occurrence } from "./trigger-match.ts";
import type { Trigger } from "./trigger-schema.ts";

/**
 * Whether it is this paid order with which the customer reached the number or the sum. Orders count in the order in
 * which they were paid, whatever has been paid since: of two that come at once each is asked about its own place.
 */
export async function crossesOrders(
  db: Kysely<DB>,
  trigger: Extract<Trigger, { on: "orders.reached" }>,
  projectId: string,
  customer: Customer,
  { order }: Occurrence,
): Promise<boolean> {
  const id = order?.id ?? null;
  if (order === null || id === null) return false;
  if (trigger.currency !== undefined && order.currency !== trigger.currency) return false;
  const { rows } = await sql<{ count: number; amount: number; own_count: number; own_amount: number }>`
    select count(*) as count, coalesce(sum(o.amount), 0)::bigint as amount,
      count(*) filter (where o.id = this.id) as own_count,
      coalesce(sum(o.amount) filter (where o.id = this.id), 0)::bigint as own_amount
    from orders this
    join orders o on o.project_id = this.project_id and o.customer_id = this.customer_id
      and (o.paid_at, o.id) <= (this.paid_at, this.id)
    where this.project_id = ${projectId} and this.customer_id = ${customer.id} and this.id = ${id}
      and o.status = 'paid' and o.paid_at is not null
      and (${trigger.currency ?? null}::text is null or o.currency = ${trigger.currency ?? null})`.execute(db);
  const sums = rows[0];
  if (sums === undefined || sums.own_count === 0) return false;
  const [total, own, level] =
    trigger.count === undefined
      ? [sums.amount, sums.own_amount, trigger.amount ?? 0]
      : [sums.count, sums.own_count, trigger.count];
  return total >= level && total - own < level;
}
