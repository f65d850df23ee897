/** A segment's rules read aloud: "The sum of paid orders in the last 30 days is at least 50.00 EUR". */
import { groupOf } from "../../domain/rules/group.ts";
import type { Leaf, Rule } from "../../domain/rules/rule.ts";
import { asking, capitalized, plural } from "../../domain/rules/words.ts";
import { findFact } from "./facts.ts";
import { leavesOf } from "./leaves.ts";

export function segmentSentence(rule: Rule): string {
  return capitalized(clauseOf(rule, currencyOf(rule)));
}

/** Amounts are in the currency of each customer; where the rules name one, it is that. */
function currencyOf(rule: Rule): string | null {
  const leaf = leavesOf(rule).find(({ on, op }) => on === "customer.currency" && op === "equals");
  return typeof leaf?.value === "string" && /^[A-Z]{3}$/.test(leaf.value) ? leaf.value : null;
}

function clauseOf(rule: Rule, currency: string | null): string {
  const group = groupOf(rule);
  if (group === null) return leafClause(rule as Leaf, currency);
  const { op, children } = group;
  const [only, ...others] = children;
  if (only === undefined) return op === "any" ? "never" : "always";
  const clauses = children.map((child) => inBrackets(child, currency));
  if (op === "none")
    return others.length === 0 ? `not (${clauseOf(only, currency)})` : `neither ${clauses.join(" nor ")}`;
  return others.length === 0 ? clauseOf(only, currency) : clauses.join(op === "all" ? " and " : " or ");
}

function inBrackets(rule: Rule, currency: string | null): string {
  const clause = clauseOf(rule, currency);
  return (groupOf(rule)?.children.length ?? 0) > 1 ? `(${clause})` : clause;
}

function leafClause(leaf: Leaf, currency: string | null): string {
  const found = findFact(leaf.on);
  if (found === null) return `the unknown "${leaf.on}"`;
  const { fact, key } = found;
  const named = [fact.label, ...[key, leaf.name ?? ""].filter(Boolean).map((text) => `"${text}"`)].join(" ");
  const subject = leaf.window_days === undefined ? named : `${named} in the last ${plural(leaf.window_days, "day")}`;
  // A scale of decimals is nobody's weight, and minor units of an unknown currency are plain numbers.
  const type = fact.type === "decimal" || (fact.type === "money" && currency === null) ? "number" : fact.type;
  const unit = fact.type === "money" && currency === null && leaf.op !== "exists" ? " minor units" : "";
  return `${subject} ${asking("is", leaf, type, currency ?? "EUR")}${unit}`;
}
