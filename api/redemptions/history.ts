/** Sums over a customer's past that a rule asks for; read only when one does. */
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import type { HistoryQuery } from "../domain/facts.ts";
import { historyKey } from "../domain/rules/history.ts";

export interface HistoryScope {
  readonly projectId: string;
  readonly customerId: string;
  /** Amounts are summed over orders in this currency only. */
  readonly currency: string;
  /** Epoch ms; nothing at or after it counts. */
  readonly before: number;
  /** An order that is being paid now is not part of its own past. */
  readonly orderId: string | null;
}

const dayMs = 86_400_000;

export async function queryHistory(
  db: Deps["db"],
  scope: HistoryScope,
  queries: readonly HistoryQuery[],
): Promise<Record<string, number>> {
  const entries = await Promise.all(
    queries.map(async (query) => [historyKey(query), await answer(db, scope, query)] as const),
  );
  return Object.fromEntries(entries);
}

async function answer(db: Deps["db"], scope: HistoryScope, query: HistoryQuery): Promise<number> {
  const before = new Date(scope.before);
  const since = query.windowDays === null ? null : new Date(scope.before - query.windowDays * dayMs);
  if (query.on === "events.count") {
    const result = await sql<{ value: number }>`
      select count(*) as value from custom_event e
      where e.project_id = ${scope.projectId} and e.customer_id = ${scope.customerId} and e.name = ${query.name}
        and e.occurred_at < ${before} and (${since}::timestamptz is null or e.occurred_at >= ${since}::timestamptz)
    `.execute(db);
    return result.rows[0]?.value ?? 0;
  }
  const result = await sql<{ orders: number; amount: number }>`
    select count(*) as orders, coalesce(sum(o.amount) filter (where o.currency = ${scope.currency}), 0)::bigint as amount
    from orders o
    where o.project_id = ${scope.projectId} and o.customer_id = ${scope.customerId}
      and o.paid_at is not null and o.status = 'paid' and o.id is distinct from ${scope.orderId}
      and o.paid_at < ${before} and (${since}::timestamptz is null or o.paid_at >= ${since}::timestamptz)
  `.execute(db);
  const row = result.rows[0];
  return (query.on === "customer.orders_count" ? row?.orders : row?.amount) ?? 0;
}
