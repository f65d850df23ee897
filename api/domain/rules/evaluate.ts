/** A rule over a context gives a trace: the whole tree is evaluated, so that every failed leaf can be reported at once. */
import type { Trace } from "../decision.ts";
import type { OrderItem } from "../facts.ts";
import { gapOf } from "./gap.ts";
import { groupOf, type RuleGroup } from "./group.ts";
import { operators } from "./operators/table.ts";
import { findPath, type RuleContext } from "./paths.ts";
import type { ItemsRule, Leaf, Rule } from "./rule.ts";

/** A trace shows at most so many lines of an `items` rule; all of them are evaluated and counted. */
const tracedLinesMax = 20;

/** An empty `all` or `none` is met, an empty `any` is not. */
export function evaluate(rule: Rule, context: RuleContext): Trace {
  const group = groupOf(rule);
  if (group === null) {
    return "where" in rule ? evaluateItems(rule, context) : evaluateLeaf(rule as Leaf, context);
  }
  const children = group.children.map((child) => evaluate(child, context));
  return { op: group.op, met: groupMet(group.op, children), children };
}

function groupMet(op: RuleGroup["op"], children: readonly Trace[]): boolean {
  if (op === "all") return children.every((child) => child.met);
  return children.some((child) => child.met) === (op === "any");
}

function evaluateLeaf(leaf: Leaf, context: RuleContext): Trace {
  const found = findPath(leaf.on);
  const actual = found?.definition.read(context, found.key, leaf) ?? null;
  const base = { op: leaf.op, on: leaf.on, expected: leaf.value, actual };
  // A path this version does not know is never met, whatever the operator makes of absence.
  if (found === null) return { ...base, met: false };
  const met = operators[leaf.op](actual, leaf.value, found.definition.type);
  const gap = met ? undefined : gapOf(leaf, actual, found.definition.type);
  return gap === undefined ? { ...base, met } : { ...base, met, gap };
}

/**
 * `any`, `all` and `none` look at every line; `all` of no lines is not met, for there is nothing to have matched.
 * `cheapest` and `most_expensive` look at the one line with the lowest or highest unit amount, the first on ties.
 */
function evaluateItems(rule: ItemsRule, context: RuleContext): Trace {
  const lines = linesLookedAt(rule.which, context.order.items);
  const children = lines.map((item) => evaluate(rule.where, { ...context, item }));
  const matched = children.filter((child) => child.met).length;
  const met = rule.which === "none" ? matched === 0 : rule.which === "any" ? matched > 0 : allMatched(matched, lines);
  return { op: "items", which: rule.which, met, matched, children: children.slice(0, tracedLinesMax) };
}

function allMatched(matched: number, lines: readonly OrderItem[]): boolean {
  return lines.length > 0 && matched === lines.length;
}

function linesLookedAt(which: ItemsRule["which"], items: readonly OrderItem[]): readonly OrderItem[] {
  if (which !== "cheapest" && which !== "most_expensive") return items;
  const sign = which === "cheapest" ? 1 : -1;
  const [first, ...rest] = items;
  if (first === undefined) return [];
  return [rest.reduce((best, item) => (sign * (item.unitAmount - best.unitAmount) < 0 ? item : best), first)];
}
