/** A condition read aloud: "Accounts on this device in the last day is at least 4 and order amount is at least 50.00". */
import { riskFeatures } from "../../models/features/risk.ts";
import { type Condition, groupOf, type Leaf } from "./condition.ts";

export function conditionSentence(condition: Condition): string {
  const text = clause(condition);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function clause(condition: Condition): string {
  const group = groupOf(condition);
  if (group === null) return leafClause(condition as Leaf);
  const [only, ...others] = group.children;
  if (only === undefined) return group.op === "any" ? "never" : "always";
  if (group.op === "none") {
    return others.length === 0 ? `not (${clause(only)})` : `neither ${group.children.map(bracketed).join(" nor ")}`;
  }
  if (others.length === 0) return clause(only);
  return group.children.map(bracketed).join(group.op === "all" ? " and " : " or ");
}

function bracketed(condition: Condition): string {
  const group = groupOf(condition);
  return group !== null && group.children.length > 1 ? `(${clause(condition)})` : clause(condition);
}

const words: Readonly<Record<Leaf["op"], string>> = {
  equals: "is",
  not_equals: "is not",
  greater_than: "is more than",
  greater_or_equal: "is at least",
  less_than: "is less than",
  less_or_equal: "is at most",
  between: "is between",
  any_of: "is one of",
  none_of: "is none of",
};

function leafClause({ on, op, value }: Leaf): string {
  const values = Array.isArray(value) ? value : [value];
  const shown = values.map((one) => (on === "order.amount" ? (Number(one) / 100).toFixed(2) : String(one)));
  return `${labelOf(on)} ${words[op]} ${shown.join(op === "between" ? " and " : ", ")}`;
}

const facts: Readonly<Record<string, string>> = {
  campaign_id: "the campaign",
  "order.amount": "the order amount",
  "order.channel": "the sales channel",
};

const known: ReadonlySet<string> = new Set(riskFeatures.features.map(({ name }) => name));

/** The name of a feature says what it is; a feature that is no more is named as such. */
export function labelOf(on: string): string {
  const fact = facts[on];
  if (fact !== undefined) return fact;
  return known.has(on) ? on.replaceAll("_", " ") : `the unknown feature ${on}`;
}
