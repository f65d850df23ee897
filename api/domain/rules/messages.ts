/** The plain English sentence of a rule that carries no message of its own. */
import { formatMoney } from "../money.ts";
import type { ReasonKey } from "../reason.ts";
import { findPath } from "./paths.ts";
import type { ItemsRule, Leaf, Operand, Operator, Rule, SumRule } from "./rule.ts";
import { sumLabels, sumTypes } from "./sums.ts";
import { asking, capitalized, isPlural, metresWords, subjectOf } from "./words.ts";

export const notMetMessage = "The conditions of this code are not met";
const customerMessage = "This code needs a known customer";

/** `wanted` is false for a leaf that is met where none may be. */
export function leafMessage(
  leaf: Leaf,
  key: ReasonKey,
  wanted: boolean,
  gap: number | undefined,
  currency: string,
): string {
  if (key === "customer_required") return customerMessage;
  if (key === "location_required") return "This code needs to know where you are";
  if (key === "outside_area") return outsideMessage(gap);
  if (key === "order_below_minimum" && gap !== undefined)
    return `Add ${formatMoney(gap, currency)} more to use this code`;
  const found = findPath(leaf.on);
  if (found === null) return `This version does not know the condition "${leaf.on}"`;
  if (leaf.on === "customer.identifier") return "This code is not for this customer";
  if (leaf.on === "customer.is_new") return newCustomerMessage(leaf, wanted);
  const subject = capitalized(subjectOf(leaf, found));
  if (!wanted) return `${subject} ${isPlural(leaf.on) ? "rule" : "rules"} this code out`;
  if (leaf.on === "customer.points" && gap !== undefined && isMinimum(leaf.op)) {
    return `${gap} more ${gap === 1 ? "point is" : "points are"} needed to use this code`;
  }
  // What a pattern asks for is not for shoppers to read.
  if (leaf.op === "matches") return `${subject} does not have the form that this code asks for`;
  return `${subject} ${asking("must", leaf, found.definition.type, currency)}`;
}

function outsideMessage(gap: number | undefined): string {
  const howFar = gap === undefined ? "" : `: it begins ${metresWords(gap)} away`;
  return `This code is not valid where you are${howFar}`;
}

function newCustomerMessage(leaf: Leaf, wanted: boolean): string {
  const asksForNew = (leaf.value === true) === (leaf.op !== "not_equals");
  return asksForNew === wanted ? "This code is for new customers" : "This code is for returning customers";
}

export function isMinimum(op: Operator): boolean {
  return op === "greater_or_equal" || op === "greater_than";
}

const itemsMessages: Readonly<Record<ItemsRule["which"], string>> = {
  any: "No item in the order qualifies for this code",
  all: "Not every item in the order qualifies for this code",
  none: "The order contains an item that this code excludes",
  cheapest: "The cheapest item in the order does not qualify for this code",
  most_expensive: "The most expensive item in the order does not qualify for this code",
};

export function itemsMessage(rule: ItemsRule, key: ReasonKey, wanted: boolean): string {
  if (key === "customer_required") return customerMessage;
  return wanted ? itemsMessages[rule.which] : notMetMessage;
}

export interface SeenSum {
  readonly actual: number | null;
  readonly gap?: number;
}

/** "Add 2 more items of category shoes to use this code". */
export function sumMessage(rule: SumRule, key: ReasonKey, wanted: boolean, seen: SeenSum, currency: string): string {
  if (key === "customer_required") return customerMessage;
  const subject = capitalized(`${sumLabels[rule.on]} of ${itemWords(rule.where, 2)}`);
  if (!wanted) return `${subject} rules this code out`;
  if (seen.actual === null) return `${subject} is not known`;
  if (seen.gap !== undefined && moreHelps(rule, seen.actual)) return addMessage(rule, seen.gap, currency);
  return `${subject} ${asking("must", rule, sumTypes[rule.on], currency)}`;
}

function moreHelps({ op, value }: SumRule, actual: number): boolean {
  return isMinimum(op) || op === "multiple_of" || (op === "between" && actual < Number(listed(value)[0]));
}

function addMessage({ on, where }: SumRule, gap: number, currency: string): string {
  if (on === "items.quantity") return `Add ${gap} more ${itemWords(where, gap)} to use this code`;
  const much = on === "items.amount" ? formatMoney(gap, currency) : `${gap} g`;
  return `Add ${much} more of ${itemWords(where, 2)} to use this code`;
}

/** "items of category shoes" where the condition is as plain as that, else "qualifying items". */
function itemWords(where: Rule, count: number): string {
  const noun = count === 1 ? "item" : "items";
  if ("on" in where && where.on === "item.categories" && "op" in where && where.op === "any_of") {
    const categories = listed(where.value);
    if (categories.length <= 3) return `${noun} of category ${categories.join(" or ")}`;
  }
  return `qualifying ${noun}`;
}

function listed(value: Operand): readonly (string | number)[] {
  return Array.isArray(value) ? value : [];
}
