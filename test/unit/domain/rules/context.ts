/** A rule context for tests, and the trace of one leaf in it. */
import type { Trace } from "../../../../api/domain/decision.ts";
import { evaluate } from "../../../../api/domain/rules/evaluate.ts";
import type { RuleContext } from "../../../../api/domain/rules/paths.ts";
import type { Leaf, Rule } from "../../../../api/domain/rules/rule.ts";
import { customer, now, order } from "../builders.ts";

export function context(change: Partial<RuleContext> = {}): RuleContext {
  const inOrder = change.order ?? order();
  const amount = inOrder.items.reduce((sum, line) => sum + line.quantity * line.unitAmount, 0);
  return {
    now,
    order: inOrder,
    customer: customer(),
    localTime: "14:30",
    localWeekday: 4,
    localDate: "2026-05-14",
    languages: [],
    amount,
    amountLeft: amount,
    item: null,
    ...change,
  };
}

export function isMet(rule: Rule, change: Partial<RuleContext> = {}): boolean {
  return evaluate(rule, context(change)).met;
}

type LeafTrace = Exclude<Trace, { children: readonly Trace[] }>;

export function leafTrace(leaf: Leaf, change: Partial<RuleContext> = {}): LeafTrace {
  const trace = evaluate(leaf, context(change));
  if ("children" in trace) throw new Error("not a leaf");
  return trace;
}
