/** From a failed trace to the reasons a shopper and an engineer can act on: one for each leaf that stood in the way. */
import type { Trace } from "../decision.ts";
import { makeReason, type Reason, type ReasonKey } from "../reason.ts";
import { groupOf } from "./group.ts";
import { ownMessage } from "./language.ts";
import { isMinimum, itemsMessage, leafMessage, notMetMessage, sumMessage } from "./messages.ts";
import { findPath } from "./paths.ts";
import type { ItemsRule, Leaf, Rule, SumRule } from "./rule.ts";

export interface ExplainContext {
  readonly currency: string;
  readonly hasCustomer: boolean;
  /** What the shopper reads, best first; none: each rule's one message. */
  readonly languages?: readonly string[];
}

/** `path` names the tree, e.g. "campaign.rules"; the reasons' `rule_id` continue it. Empty when the trace is met. */
export function explain(rule: Rule, trace: Trace, path: string, context: ExplainContext): Reason[] {
  return trace.met ? [] : blame(rule, trace, path, true, context);
}

/** Why the node is not as wanted. Under `none` a child is wanted unmet, and then its met leaves stand in the way. */
function blame(rule: Rule, trace: Trace, path: string, wanted: boolean, context: ExplainContext): Reason[] {
  const group = groupOf(rule);
  if (group === null) return [reasonOf(rule as Leaf | ItemsRule | SumRule, trace, path, wanted, context)];
  const childWanted = group.op === "none" ? !wanted : wanted;
  const reasons = group.children.flatMap((child, index) => {
    const childTrace = "children" in trace ? trace.children[index] : undefined;
    if (childTrace === undefined || childTrace.met === childWanted) return [];
    return blame(child, childTrace, `${path}/${group.op}/${index}`, childWanted, context);
  });
  // An empty `any` fails without a child to blame.
  return reasons.length > 0 ? reasons : [makeReason("rule_not_met", notMetMessage, { rule_id: path })];
}

function reasonOf(
  rule: Leaf | ItemsRule | SumRule,
  trace: Trace,
  path: string,
  wanted: boolean,
  context: ExplainContext,
): Reason {
  if (!("where" in rule)) return leafReason(rule, trace, path, wanted, context);
  return "which" in rule
    ? itemsReason(rule, trace, path, wanted, context)
    : sumReason(rule, trace, path, wanted, context);
}

function leafReason(leaf: Leaf, trace: Trace, path: string, wanted: boolean, context: ExplainContext): Reason {
  const seen = "actual" in trace ? trace : { actual: null };
  const gap = "gap" in seen ? seen.gap : undefined;
  const key = wanted ? leafKey(leaf, seen.actual === null, context) : "rule_not_met";
  const message = ownMessage(leaf, context.languages) ?? leafMessage(leaf, key, wanted, gap, context.currency);
  return makeReason(key, message, {
    rule_id: path,
    ...(isTold(leaf) ? { expected: leaf.value } : {}),
    actual: seen.actual,
    ...(wanted && gap !== undefined ? { gap } : {}),
  });
}

/** Other customers' identifiers are nobody's business, and hundreds of corners help nobody; `rule_id` leads to both. */
function isTold({ on, value }: Leaf): boolean {
  return on !== "customer.identifier" && !(typeof value === "object" && "polygon" in value);
}

function leafKey(leaf: Leaf, isAbsent: boolean, context: ExplainContext): ReasonKey {
  if (!context.hasCustomer && findPath(leaf.on)?.definition.of === "customer") return "customer_required";
  if (leaf.on === "order.location") {
    if (isAbsent) return "location_required";
    return leaf.op === "within" ? "outside_area" : "rule_not_met";
  }
  const onAmount = leaf.on === "order.amount" || leaf.on === "order.amount_after_discounts";
  return onAmount && isMinimum(leaf.op) ? "order_below_minimum" : "rule_not_met";
}

function itemsReason(rule: ItemsRule, trace: Trace, path: string, wanted: boolean, context: ExplainContext): Reason {
  const matched = "matched" in trace ? trace.matched : 0;
  const key = linesKey(rule, wanted, context);
  const message = ownMessage(rule, context.languages) ?? itemsMessage(rule, key, wanted);
  return makeReason(key, message, { rule_id: path, expected: rule.which, actual: matched });
}

function sumReason(rule: SumRule, trace: Trace, path: string, wanted: boolean, context: ExplainContext): Reason {
  const seen = trace.op === "sum" ? trace : { actual: null };
  const gap = wanted && "gap" in seen ? { gap: seen.gap } : {};
  const key = linesKey(rule, wanted, context);
  const message = ownMessage(rule, context.languages) ?? sumMessage(rule, key, wanted, seen, context.currency);
  return makeReason(key, message, { rule_id: path, expected: rule.value, actual: seen.actual, ...gap });
}

function linesKey(rule: ItemsRule | SumRule, wanted: boolean, context: ExplainContext): ReasonKey {
  return wanted && !context.hasCustomer && looksAtCustomer(rule.where) ? "customer_required" : "rule_not_met";
}

function looksAtCustomer(rule: Rule): boolean {
  const group = groupOf(rule);
  if (group !== null) return group.children.some(looksAtCustomer);
  if ("where" in rule) return looksAtCustomer(rule.where);
  return findPath((rule as Leaf).on)?.definition.of === "customer";
}
