import { groupOf, type RuleGroup } from "./group.ts";
import { findPath } from "./paths.ts";
import type { ItemsRule, Leaf, Rule, SumRule } from "./rule.ts";
import { sumLabels, sumTypes } from "./sums.ts";
import { asking, capitalized, isClause, subjectOf } from "./words.ts";

/** A rule read aloud: "The order amount is at least 50.00 EUR and the sales channel is one of app, pos". */
export function ruleSentence(rule: Rule, currency: string): string {
  return capitalized(ruleClause(rule, currency));
}

/** The same within a sentence: "the order amount is at least 50.00 EUR". */
export function ruleClause(rule: Rule, currency: string): string {
  const group = groupOf(rule);
  if (group !== null) return groupClause(group, currency);
  if (!("where" in rule)) return leafClause(rule as Leaf, currency);
  return "which" in rule ? itemsClause(rule, currency) : sumClause(rule, currency);
}

function groupClause({ op, children }: RuleGroup, currency: string): string {
  const [only, ...others] = children;
  if (only === undefined) return op === "any" ? "never" : "always";
  if (op === "none") {
    const clauses = children.map((child) => inBrackets(child, currency)).join(" nor ");
    return `${others.length === 0 ? "not" : "neither"} ${others.length === 0 ? `(${ruleClause(only, currency)})` : clauses}`;
  }
  if (others.length === 0) return ruleClause(only, currency);
  return children.map((child) => inBrackets(child, currency)).join(op === "all" ? " and " : " or ");
}

function inBrackets(rule: Rule, currency: string): string {
  const clause = ruleClause(rule, currency);
  return (groupOf(rule)?.children.length ?? 0) > 1 ? `(${clause})` : clause;
}

function leafClause(leaf: Leaf, currency: string): string {
  const type = findPath(leaf.on)?.definition.type ?? "scalar";
  if (leaf.on === "customer.is_new" && leaf.op !== "exists") {
    return (leaf.value === true) === (leaf.op === "equals") ? "the customer is new" : "the customer is not new";
  }
  return isClause(subjectOf(leaf), leaf, type, currency);
}

const quantifiers: Readonly<Record<ItemsRule["which"], string>> = {
  any: "for at least one item",
  all: "for every item",
  none: "for no item",
  cheapest: "for the cheapest item",
  most_expensive: "for the most expensive item",
};

function itemsClause({ which, where }: ItemsRule, currency: string): string {
  return `${quantifiers[which]} ${inBrackets(where, currency)}`;
}

function sumClause(rule: SumRule, currency: string): string {
  const items = `of the items for which ${inBrackets(rule.where, currency)}`;
  return `${sumLabels[rule.on]} ${items} ${asking("is", rule, sumTypes[rule.on], currency)}`;
}
