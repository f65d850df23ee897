/** A condition read aloud: "Customers on this device in the last 90 days: at least 4, and order amount: at least 50.00". */
import type { Feature } from "../../models/features/feature.ts";
import { type RiskInput, riskFeatures } from "../../models/features/risk.ts";
import { type Condition, groupOf, type Leaf } from "./condition.ts";

export function conditionSentence(condition: Condition): string {
  return capitalized(clause(condition));
}

function capitalized(text: string): string {
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
  return group.children.map(bracketed).join(group.op === "all" ? ", and " : ", or ");
}

function bracketed(condition: Condition): string {
  const group = groupOf(condition);
  return group !== null && group.children.length > 1 ? `(${clause(condition)})` : clause(condition);
}

const words: Readonly<Record<Leaf["op"], string>> = {
  equals: "",
  not_equals: "not ",
  greater_than: "more than ",
  greater_or_equal: "at least ",
  less_than: "less than ",
  less_or_equal: "at most ",
  between: "between ",
  any_of: "one of ",
  none_of: "none of ",
};

function leafClause({ on, op, value }: Leaf): string {
  const values = Array.isArray(value) ? value : [value];
  const shown = values.map((one) => valueWords(on, one)).join(op === "between" ? " and " : ", ");
  return `${labelOf(on)}: ${words[op]}${shown}`;
}

function valueWords(on: string, value: string | number): string {
  if (typeof value === "string") return value;
  if (on === "order.amount") return (value / 100).toFixed(2);
  if (isRelative(on)) return `${Number(Math.exp(value).toPrecision(2))} times the usual`;
  return String(Number(value.toPrecision(4)));
}

const facts: Readonly<Record<string, string>> = {
  campaign_id: "campaign",
  "order.amount": "order amount",
  "order.channel": "sales channel",
};

const known: ReadonlyMap<string, Feature<RiskInput>> = new Map(
  riskFeatures.features.map((feature) => [feature.name, feature]),
);

export function labelOf(on: string): string {
  const fact = facts[on];
  if (fact !== undefined) return fact;
  const feature = known.get(on);
  if (feature === undefined) return `the unknown feature ${on}`;
  return feature.label ?? on.replaceAll("_", " ");
}

/** A logarithm of how many times the usual something is: 0 is the usual. */
export function isRelative(on: string): boolean {
  return known.get(on)?.text(0, 0).includes("1.0 times") === true;
}
