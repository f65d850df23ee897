/** What the rules in play ask of a customer's past, so that it is read once, and only when something asks. */
import type { HistoryQuery } from "../facts.ts";
import { groupOf } from "./group.ts";
import type { Leaf, Rule } from "./rule.ts";

/** The key under which the answer stands in `CustomerFacts.history`. The name comes last: it may contain anything. */
export function historyKey(query: HistoryQuery): string {
  return `${query.on}|${query.windowDays ?? "all"}|${query.name ?? ""}`;
}

/** Null for a leaf that looks at something else. */
export function historyQueryOf(leaf: Leaf): HistoryQuery | null {
  switch (leaf.on) {
    case "customer.orders_count":
    case "customer.orders_amount":
      return { on: leaf.on, name: null, windowDays: leaf.window_days ?? null };
    case "events.count":
      return { on: leaf.on, name: leaf.name ?? null, windowDays: leaf.window_days ?? null };
    default:
      return null;
  }
}

/** Every history query in the rules, each once. */
export function historyQueries(rules: Rule | readonly Rule[]): HistoryQuery[] {
  const found = new Map<string, HistoryQuery>();
  for (const rule of Array.isArray(rules) ? (rules as readonly Rule[]) : [rules as Rule]) collect(rule, found);
  return [...found.values()];
}

function collect(rule: Rule, found: Map<string, HistoryQuery>): void {
  const group = groupOf(rule);
  if (group !== null) {
    for (const child of group.children) collect(child, found);
  } else if ("where" in rule) {
    collect(rule.where, found);
  } else {
    const query = historyQueryOf(rule as Leaf);
    if (query !== null) found.set(historyKey(query), query);
  }
}
