import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Customer } from "./facts.ts";
import { type Occurrence, triggerKeyOf } from "./trigger-match.ts";
import type { Trigger } from "./trigger-schema.ts";

type Reached = Extract<Trigger, { on: "orders.reached" }>;

/** What of a customer's paid orders counts towards the number or the sum, and how far it has come with each of them. */
function paidOrders(trigger: Reached, projectId: string, customer: Customer) {
  const value = trigger.count === undefined ? sql`o.amount` : sql`1::bigint`;
  return sql`
    select o.id, o.paid_at, o.updated_at, ${value} as value,
      (sum(${value}) over (order by o.paid_at, o.id))::bigint as upto
    from orders o
    where o.project_id = ${projectId} and o.customer_id = ${customer.id}
      and o.status = 'paid' and o.paid_at is not null
      and (${trigger.currency ?? null}::text is null or o.currency = ${trigger.currency ?? null})`;
}

const levelOf = ({ count, amount }: Reached) => count ?? amount ?? 0;

/**
 * Whether the customer has reached the number or the sum since the workflow is active, and no run was begun for it: with
 * this order, or with one of several that came together, in whatever order they are told. The order that reaches it by the
 * time of payment begins the run, unless it was told before and begun none: it was told too late, say, or it was
 * counted only after another of them had been cancelled. Who had reached it before the activation begins nothing.
 */
export async function hasReachedOrders(
  db: Kysely<DB>,
  trigger: Reached,
  {
    projectId,
    id: workflowId,
    activeSince,
  }: { readonly projectId: string; readonly id: string; readonly activeSince: Date },
  customer: Customer,
  { order }: Occurrence,
): Promise<boolean> {
  const orderId = order?.id ?? null;
  if (order === null || orderId === null) return false;
  if (trigger.currency !== undefined && order.currency !== trigger.currency) return false;
  const level = levelOf(trigger);
  // Changed last when they were paid, for those that are paid: so were they told.
  const { rows } = await sql`
    with paid as materialized (${paidOrders(trigger, projectId, customer)}),
    reached as (select * from paid where upto >= ${level} order by paid_at, id limit 1)
    select from paid this, reached
    where this.id = ${orderId}
      and (this.upto >= ${level} or reached.updated_at < this.updated_at)
      and (this.id = reached.id or reached.updated_at <= this.updated_at)
      and (select coalesce(sum(value), 0) from paid
           where paid_at < ${activeSince}::timestamptz and id <> this.id) < ${level}
      and not exists (
        select from workflow_run r
        where r.project_id = ${projectId} and r.workflow_id = ${workflowId} and r.customer_id = ${customer.id}
          and r.trigger_key = ${triggerKeyOf(trigger, "")})`.execute(db);
  return rows.length > 0;
}

/** Whether it is this order with which the customer reached it, by the time of payment: of the past, when all are known. */
export async function crossesOrders(
  db: Kysely<DB>,
  trigger: Reached,
  projectId: string,
  customer: Customer,
  { order }: Occurrence,
): Promise<boolean> {
  const orderId = order?.id ?? null;
  if (order === null || orderId === null) return false;
  if (trigger.currency !== undefined && order.currency !== trigger.currency) return false;
  const level = levelOf(trigger);
  const { rows } = await sql`
    select from (${paidOrders(trigger, projectId, customer)}) paid
    where id = ${orderId} and upto >= ${level} and upto - value < ${level}`.execute(db);
  return rows.length > 0;
}
