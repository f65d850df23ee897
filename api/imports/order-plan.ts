/** What rows of a chunk do to orders, by the rules of a report over the API. Pure: rows of one order follow each other. */
import { statusConflict } from "../orders/report.ts";
import type { OrderReport, OrderStatus } from "../orders/schemas.ts";
import { sumOfLines } from "../validations/order-schema.ts";
import { happenedAt, type ReadRow, type RowError } from "./rows.ts";

export interface KnownOrder {
  readonly customer: string;
  readonly currency: string;
  readonly status: OrderStatus;
  readonly amount: number;
  readonly paidAt: Date | null;
  readonly reported: ReadonlySet<OrderStatus>;
}

/** A status that an order gets. */
interface Step {
  readonly report: OrderReport;
  readonly at: Date;
}

/** An order as it is after the chunk. */
export interface StoredOrder extends Step {
  readonly paidAt: Date | null;
}

export interface OrderPlan {
  /** In the order of the file. */
  readonly steps: readonly Step[];
  readonly orders: readonly StoredOrder[];
  readonly unchanged: number;
  readonly errors: readonly RowError[];
}

export function planOrders(
  known: ReadonlyMap<string, KnownOrder>,
  rows: readonly ReadRow<"orders">[],
  now: Date,
): OrderPlan {
  const states = new Map(known);
  const orders = new Map<string, StoredOrder>();
  const steps: Step[] = [];
  const errors: RowError[] = [];
  let unchanged = 0;
  for (const { line, row, isFlat } of rows) {
    const at = happenedAt(line, row.occurred_at, now);
    if (!(at instanceof Date)) {
      errors.push(at);
      continue;
    }
    const before = states.get(row.id);
    const fault = before === undefined ? null : mismatch(before, row, isFlat);
    if (fault !== null) {
      errors.push({ line, ...fault });
    } else if (before?.reported.has(row.status)) {
      unchanged += 1;
    } else {
      const after = stateAfter(before, row, at);
      states.set(row.id, after);
      steps.push({ report: row, at });
      orders.set(row.id, { report: row, at, paidAt: after.paidAt });
    }
  }
  return { steps, orders: [...orders.values()], unchanged, errors };
}

function mismatch(known: KnownOrder, row: OrderReport, isFlat: boolean): Omit<RowError, "line"> | null {
  if (known.customer !== row.customer.identifier) {
    return { field: "customer/identifier", reason: "The order belongs to another customer." };
  }
  if (known.currency !== row.currency) return { field: "currency", reason: `The order is in ${known.currency}.` };
  if (known.reported.has(row.status)) {
    // The same status again says nothing new. But lines of one order that stand apart would be lost without a word.
    const isOther = isFlat && known.status === row.status && known.amount !== sumOfLines(row);
    if (!isOther) return null;
    return {
      field: "id",
      reason: "The order is stored with other items. The lines of an order must follow each other.",
    };
  }
  const conflict = statusConflict(known.status, row.status);
  return conflict === null ? null : { field: "status", reason: conflict };
}

function stateAfter(before: KnownOrder | undefined, row: OrderReport, at: Date): KnownOrder {
  return {
    customer: row.customer.identifier,
    currency: row.currency,
    status: row.status,
    amount: sumOfLines(row),
    paidAt: row.status === "paid" ? at : (before?.paidAt ?? null),
    reported: new Set([...(before?.reported ?? []), row.status]),
  };
}
