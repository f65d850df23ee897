/** Applies a chunk of orders in a few statements, whatever its size. */
import { appendEvents } from "../../ingest/outbox.ts";
import { type OrderDiscounts, orderEvent } from "../orders/report.ts";
import type { OrderStatus } from "../orders/schemas.ts";
import { rollBackOrder } from "../redemptions/roll-back.ts";
import { releaseOrderHolds } from "../reservations/release.ts";
import { sumOfLines } from "../validations/order-schema.ts";
import { kyselyOn } from "../vouchers/kysely-on.ts";
import type { Applied, Chunk } from "./chunk.ts";
import { ensureCustomers } from "./customers-of.ts";
import { type KnownOrder, type OrderPlan, planOrders, type StoredOrder } from "./order-plan.ts";
import type { ReadRow } from "./rows.ts";

/** Locks as a report does: orders, then newcomers, then what redemptions of orders that are over have taken. */
export async function applyOrders(chunk: Chunk, rows: readonly ReadRow<"orders">[]): Promise<Applied> {
  if (rows.length === 0) return { imported: 0, unchanged: 0, errors: [] };
  const { client, projectId, now } = chunk;
  const ids = [...new Set(rows.map(({ row }) => row.id))];
  await client.query("select lock_orders($1, $2::text[])", [projectId, ids]);
  const plan = planOrders(await findKnown(chunk, ids), rows, now);
  const { ids: customers, events } = await ensureCustomers(chunk, firstSeen(plan));
  await storeOrders(chunk, plan.orders, customers);
  await insertStatuses(chunk, plan);
  const changed = plan.orders.map(({ report }) => report.id);
  const before = await readDiscounts(chunk, changed);
  const over = plan.orders.filter(({ report: { id, status } }) => isOver(status) && before.has(id));
  await endOrders(
    chunk,
    plan.orders.filter(({ report }) => isOver(report.status)),
  );
  const after = over.length === 0 ? before : await readDiscounts(chunk, changed);
  const announced = plan.steps.map(({ report, at }) => {
    const codes = (isOver(report.status) ? after : before).get(report.id) ?? [];
    return orderEvent(projectId, report, discountsOf(codes, report.items.length), at);
  });
  await appendEvents(kyselyOn(client), [...events, ...announced]);
  return { imported: plan.steps.length, unchanged: plan.unchanged, errors: plan.errors };
}

function isOver(status: OrderStatus): boolean {
  return status === "cancelled" || status === "refunded";
}

function firstSeen({ steps }: OrderPlan): Map<string, Date> {
  const seen = new Map<string, Date>();
  for (const { report, at } of steps) {
    const { identifier } = report.customer;
    if (!seen.has(identifier)) seen.set(identifier, at);
  }
  return seen;
}

async function findKnown({ client, projectId }: Chunk, ids: readonly string[]): Promise<Map<string, KnownOrder>> {
  const { rows } = await client.query<{
    id: string;
    customer: string;
    currency: string;
    status: OrderStatus;
    amount: number;
    paid_at: Date | null;
    reported: OrderStatus[];
  }>(
    `select o.id, c.identifier as customer, o.currency, o.status, o.amount, o.paid_at,
            array(select s.status from order_status s where s.project_id = o.project_id and s.order_id = o.id) as reported
     from orders o join customer c on c.project_id = o.project_id and c.id = o.customer_id
     where o.project_id = $1 and o.id = any($2::text[])`,
    [projectId, ids],
  );
  return new Map(
    rows.map(({ id, paid_at, reported, ...row }) => [id, { ...row, paidAt: paid_at, reported: new Set(reported) }]),
  );
}

async function storeOrders(
  { client, projectId, now }: Chunk,
  orders: readonly StoredOrder[],
  customers: ReadonlyMap<string, string>,
): Promise<void> {
  await client.query(
    `insert into orders (project_id, id, customer_id, currency, status, amount, shipping_amount, items, occurred_at,
                         paid_at, updated_at)
     select $1, o.id, o.customer_id, o.currency, o.status, o.amount, o.shipping_amount, o.items, o.occurred_at, o.paid_at, $2
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::jsonb[],
                 $10::timestamptz[], $11::timestamptz[])
       as o(id, customer_id, currency, status, amount, shipping_amount, items, occurred_at, paid_at)
     order by o.id
     on conflict (project_id, id) do update
     set status = excluded.status, amount = excluded.amount, shipping_amount = excluded.shipping_amount,
         items = excluded.items, occurred_at = excluded.occurred_at, paid_at = excluded.paid_at,
         updated_at = excluded.updated_at`,
    [
      projectId,
      now,
      orders.map(({ report }) => report.id),
      orders.map(({ report }) => customers.get(report.customer.identifier)),
      orders.map(({ report }) => report.currency),
      orders.map(({ report }) => report.status),
      orders.map(({ report }) => sumOfLines(report)),
      orders.map(({ report }) => report.shipping_amount ?? 0),
      orders.map(({ report }) => JSON.stringify(report.items)),
      orders.map(({ at }) => at),
      orders.map(({ paidAt }) => paidAt),
    ],
  );
}

async function insertStatuses({ client, projectId }: Chunk, { steps }: OrderPlan): Promise<void> {
  await client.query(
    `insert into order_status (project_id, order_id, status, occurred_at)
     select $1, s.order_id, s.status, s.occurred_at
     from unnest($2::text[], $3::text[], $4::timestamptz[]) as s(order_id, status, occurred_at)
     order by s.order_id, s.status`,
    [
      projectId,
      steps.map(({ report }) => report.id),
      steps.map(({ report }) => report.status),
      steps.map(({ at }) => at),
    ],
  );
}

interface DiscountRow {
  readonly order_id: string;
  readonly discount_amount: number;
  readonly items_discount: readonly number[];
  readonly items_returned: readonly number[];
  readonly shipping_returned: number;
}

/** Codes of live redemptions, by order. */
async function readDiscounts(
  { client, projectId }: Chunk,
  ids: readonly string[],
): Promise<Map<string, DiscountRow[]>> {
  const { rows } = await client.query<DiscountRow>(
    `select rc.order_id, rc.discount_amount, rc.items_discount, rc.items_returned, rc.shipping_returned
     from redemption_code rc join redemption r on r.project_id = rc.project_id and r.id = rc.redemption_id
     where rc.project_id = $1 and rc.order_id = any($2::text[]) and rc.live`,
    [projectId, ids],
  );
  const found = new Map<string, DiscountRow[]>();
  for (const row of rows) found.set(row.order_id, [...(found.get(row.order_id) ?? []), row]);
  return found;
}

/** As a report counts them: per line where the lines are still as many. */
function discountsOf(codes: readonly DiscountRow[], lines: number): OrderDiscounts {
  const perLine = new Array<number>(lines).fill(0);
  let total = 0;
  for (const { discount_amount, items_discount, items_returned, shipping_returned } of codes) {
    total += discount_amount - shipping_returned - items_returned.reduce((sum, amount) => sum + amount, 0);
    if (items_discount.length !== lines) continue;
    for (const [line, given] of items_discount.entries()) {
      perLine[line] = (perLine[line] ?? 0) + given - (items_returned[line] ?? 0);
    }
  }
  return { total, perLine };
}

/** Few orders are both over and have redemptions or holds: those go one by one, once all their locks are held. */
async function endOrders({ client, projectId }: Chunk, over: readonly StoredOrder[]): Promise<void> {
  if (over.length === 0) return;
  const { rows } = await client.query<{ order_id: string }>(
    `select distinct c.order_id from redemption_code c
     where c.project_id = $1 and c.order_id = any($2::text[]) and c.live`,
    [projectId, over.map(({ report }) => report.id)],
  );
  const held = new Set(rows.map((row) => row.order_id));
  const ending = over.filter(({ report }) => held.has(report.id));
  if (ending.length === 0) return;
  await client.query("select lock_all_of_orders($1, $2::text[])", [projectId, [...held]]);
  const tx = kyselyOn(client);
  for (const { report, at } of ending) {
    await releaseOrderHolds(tx, projectId, report.id);
    await rollBackOrder(tx, { projectId, orderId: report.id, at, reason: `order ${report.status}` });
  }
}
