/** The plain English sentence of a leaf that carries no message of its own. */
import { formatMoney } from "../money.ts";
import type { ReasonKey } from "../reason.ts";
import { type FoundPath, findPath } from "./paths.ts";
import type { Leaf, Operand, Operator } from "./rule.ts";

const phrases: Readonly<Record<Operator, string>> = {
  equals: "must be",
  not_equals: "must not be",
  greater_than: "must be more than",
  greater_or_equal: "must be at least",
  less_than: "must be less than",
  less_or_equal: "must be at most",
  between: "must be between",
  any_of: "must be one of",
  none_of: "must not be one of",
  all_of: "must include all of",
  starts_with: "must start with",
  ends_with: "must end with",
  multiple_of: "must be a multiple of",
  exists: "must be given",
};

/** Of a fact that has several values at once. */
const listPhrases: Readonly<Partial<Record<Operator, string>>> = {
  any_of: "must include one of",
  none_of: "must not include any of",
};

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** `wanted` is false for a leaf that is met where none may be. */
export function leafMessage(
  leaf: Leaf,
  key: ReasonKey,
  wanted: boolean,
  gap: number | undefined,
  currency: string,
): string {
  if (key === "customer_required") return "This code needs a known customer";
  if (key === "order_below_minimum" && gap !== undefined)
    return `Add ${formatMoney(gap, currency)} more to use this code`;
  const found = findPath(leaf.on);
  if (found === null) return `This version does not know the condition "${leaf.on}"`;
  if (leaf.on === "customer.identifier") return "This code is not for this customer";
  if (leaf.on === "customer.is_new") return newCustomerMessage(leaf, wanted);
  const subject = capitalized(subjectOf(found, leaf));
  if (!wanted) return `${subject} rules this code out`;
  if (leaf.op === "exists") return `${subject} ${leaf.value === true ? "must be given" : "must not be given"}`;
  const phrase = (found.definition.type === "list" ? listPhrases[leaf.op] : undefined) ?? phrases[leaf.op];
  return `${subject} ${phrase} ${operandText(leaf, found, currency)}`;
}

function newCustomerMessage(leaf: Leaf, wanted: boolean): string {
  const asksForNew = (leaf.value === true) === (leaf.op !== "not_equals");
  return asksForNew === wanted ? "This code is for new customers" : "This code is for returning customers";
}

function subjectOf({ definition, key }: FoundPath, leaf: Leaf): string {
  const subject = key === "" ? definition.label : `${definition.label} "${key}"`;
  const named = leaf.name === undefined ? subject : `${subject} "${leaf.name}"`;
  return leaf.window_days === undefined ? named : `${named} in the last ${leaf.window_days} days`;
}

function operandText(leaf: Leaf, { definition }: FoundPath, currency: string): string {
  const one = (value: string | number | boolean): string => {
    if (typeof value !== "number") return String(value);
    if (definition.type === "money" && leaf.op !== "multiple_of") return formatMoney(value, currency);
    return definition.type === "weekday" ? (weekdays[value] ?? String(value)) : String(value);
  };
  const values = listed(leaf.value).map(one);
  return values.join(leaf.op === "between" ? " and " : ", ");
}

function listed(value: Operand): readonly (string | number | boolean)[] {
  return typeof value === "object" ? value : [value];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
