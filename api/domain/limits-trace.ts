/** The limits that a code was held against, in the form of a rule: what was asked, what was seen, what was concluded. */
import type { Candidate } from "./candidate.ts";
import type { Trace } from "./decision.ts";
import type { Request } from "./progress.ts";
import type { Tally } from "./tally.ts";

/** Null when nothing limits it. Usage is that before this code; amounts are those it would bring the counter to. */
export function limitsTrace(
  { counters, pointsPrice }: Candidate,
  tally: Tally,
  discountAmount: number,
  { facts, amount }: Request,
): Trace | null {
  const children: Trace[] = [];
  for (const counter of counters) {
    const { name, usesMax, amountMax, ordersMax } = counter;
    if (usesMax !== null) children.push(leaf(`${name}.redemptions_count`, "less_than", usesMax, tally.usesOf(counter)));
    if (amountMax !== null) {
      const reached = tally.amountOf(counter) + discountAmount;
      children.push(leaf(`${name}.discount_amount`, "less_or_equal", amountMax, reached));
    }
    if (ordersMax !== null) {
      const reached = counter.ordersUsed + amount;
      children.push(leaf(`${name}.orders_amount`, "less_or_equal", ordersMax, reached));
    }
  }
  if (pointsPrice > 0 && facts.customer !== null) {
    const available = facts.customer.points - tally.points;
    children.push(leaf("customer.points", "greater_or_equal", pointsPrice, available));
  }
  if (children.length === 0) return null;
  return { op: "all", met: children.every((child) => child.met), children };
}

function leaf(
  on: string,
  op: "less_than" | "less_or_equal" | "greater_or_equal",
  expected: number,
  actual: number,
): Trace {
  const gap =
    op === "greater_or_equal" ? expected - actual : op === "less_than" ? actual - expected + 1 : actual - expected;
  return gap <= 0 ? { op, on, met: true, expected, actual } : { op, on, met: false, expected, actual, gap };
}
