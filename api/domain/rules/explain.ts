/** From a failed trace to the reasons a shopper and an engineer can act on: one for each leaf that stood in the way. */
import type { Trace } from "../decision.ts";
import { makeReason, type Reason, type ReasonKey } from "../reason.ts";
import { groupOf } from "./group.ts";
import { leafMessage } from "./messages.ts";
import { findPath } from "./paths.ts";
import type { ItemsRule, Leaf, Rule } from "./rule.ts";

export interface ExplainContext {
  readonly currency: string;
  readonly hasCustomer: boolean;
}

/** `path` names the tree, e.g. "campaign.rules"; the reasons' `rule_id` continue it. Empty when the trace is met. */
export function explain(rule: Rule, trace: Trace, path: string, context: ExplainContext): Reason[] {
  return trace.met ? [] : blame(rule, trace, path, true, context);
}

/** Why the node is not as wanted. Under `none` a child is wanted unmet, and then its met leaves stand in the way. */
function blame(rule: Rule, trace: Trace, path: string, wanted: boolean, context: ExplainContext): Reason[] {
  const group = groupOf(rule);
  if (group === null) {
    const leaf = rule as Leaf | ItemsRule;
    return [
      "where" in leaf
        ? itemsReason(leaf, trace, path, wanted, context)
        : leafReason(leaf, trace, path, wanted, context),
    ];
  }
  const childWanted = group.op === "none" ? !wanted : wanted;
  const reasons = group.children.flatMap((child, index) => {
    const childTrace = "children" in trace ? trace.children[index] : undefined;
    if (childTrace === undefined || childTrace.met === childWanted) return [];
    return blame(child, childTrace, `${path}/${group.op}/${index}`, childWanted, context);
  });
  // An empty `any` fails without a child to blame.
  return reasons.length > 0 ? reasons : [makeReason("rule_not_met", notMet, { rule_id: path })];
}

const notMet = "The conditions of this code are not met";

function leafReason(leaf: Leaf, trace: Trace, path: string, wanted: boolean, context: ExplainContext): Reason {
  const seen = "on" in trace ? trace : null;
  const key = wanted ? leafKey(leaf, context) : "rule_not_met";
  // Other customers' identifiers are nobody's business; what was expected stays in the campaign.
  const hidden = leaf.on === "customer.identifier";
  return makeReason(key, leaf.message ?? leafMessage(leaf, key, wanted, seen?.gap, context.currency), {
    rule_id: path,
    ...(hidden ? {} : { expected: leaf.value }),
    actual: seen?.actual ?? null,
    ...(wanted && seen?.gap !== undefined ? { gap: seen.gap } : {}),
  });
}

function leafKey(leaf: Leaf, context: ExplainContext): ReasonKey {
  if (!context.hasCustomer && findPath(leaf.on)?.definition.of === "customer") return "customer_required";
  const onAmount = leaf.on === "order.amount" || leaf.on === "order.amount_after_discounts";
  const isMinimum = leaf.op === "greater_or_equal" || leaf.op === "greater_than";
  return onAmount && isMinimum ? "order_below_minimum" : "rule_not_met";
}

const itemsMessages: Readonly<Record<ItemsRule["which"], string>> = {
  any: "No item in the order qualifies for this code",
  all: "Not every item in the order qualifies for this code",
  none: "The order contains an item that this code excludes",
  cheapest: "The cheapest item in the order does not qualify for this code",
  most_expensive: "The most expensive item in the order does not qualify for this code",
};

function itemsReason(rule: ItemsRule, trace: Trace, path: string, wanted: boolean, context: ExplainContext): Reason {
  const matched = "matched" in trace ? trace.matched : 0;
  const key = wanted && !context.hasCustomer && looksAtCustomer(rule.where) ? "customer_required" : "rule_not_met";
  const message = rule.message ?? (wanted ? itemsMessages[rule.which] : notMet);
  return makeReason(key, message, { rule_id: path, expected: rule.which, actual: matched });
}

function looksAtCustomer(rule: Rule): boolean {
  const group = groupOf(rule);
  if (group !== null) return group.children.some(looksAtCustomer);
  if ("where" in rule) return looksAtCustomer(rule.where);
  return findPath((rule as Leaf).on)?.definition.of === "customer";
}
