/** What a condition can look at and be compared with, as people choose it. */
import { findPath, operatorsByType, type PathDefinition, type PathType, paths } from "../../domain/rules/paths.ts";
import type { Operator, SumRule } from "../../domain/rules/rule.ts";
import { sumTypes } from "../../domain/rules/sums.ts";
import type { Option, OptionGroup } from "../parts/fields.tsx";

/** "item": in a `where`, which asks about one line. "workflow": of what an event brings, which may be no order. */
export type RuleScope = "order" | "item" | "workflow";

const groupNames = {
  order: "Order",
  item: "One line of the order",
  customer: "Customer",
  time: "Time",
  event: "Event",
} as const satisfies Record<PathDefinition["of"], string>;

/** Older names of what has a newer one. */
const hidden: readonly string[] = ["order.payment_method"];

function titleOf({ label, keyed }: PathDefinition): string {
  const words = label.replace(/^the /, "");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${keyed ? " …" : ""}`;
}

const linesGroup: OptionGroup = {
  name: "Lines of the order",
  options: [
    { value: "items", name: "Lines that match" },
    { value: "items.amount", name: "Amount of matching lines" },
    { value: "items.quantity", name: "Quantity of matching lines" },
    { value: "items.weight", name: "Weight of matching lines" },
  ],
};

/** Only events of workflows have fields: the list of paths that baskets can be asked about has none. */
const eventPath = findPath("event.field")?.definition;
const known = eventPath === undefined ? paths : [...paths, eventPath];

function groupOf(of: PathDefinition["of"], asks: (path: string) => boolean = () => true): OptionGroup {
  const own = known.filter(({ path, of: whose }) => whose === of && !hidden.includes(path) && asks(path));
  return { name: groupNames[of], options: own.map((path) => ({ value: path.path, name: titleOf(path) })) };
}

const groups: Readonly<Record<Exclude<RuleScope, "workflow">, readonly OptionGroup[]>> = {
  order: [groupOf("order"), linesGroup, groupOf("customer"), groupOf("time")],
  item: [groupOf("item"), groupOf("order"), groupOf("customer"), groupOf("time")],
};

export function pathGroups(scope: RuleScope, asks?: Asks): readonly OptionGroup[] {
  if (scope !== "workflow") return groups[scope];
  return [
    ...(asks?.event ? [groupOf("event")] : []),
    ...(asks?.order ? [groupOf("order", asks.order), linesGroup] : []),
    groupOf("customer"),
    groupOf("time"),
  ];
}

/** What conditions of a workflow may ask about, by what sets it off. */
export interface Asks {
  readonly event: boolean;
  /** Undefined: there is no order. */
  readonly order: ((path: string) => boolean) | undefined;
}

/** The path without the shop's own key, and that key: `order.metadata.` and `gift`. */
export function splitPath(on: string): { readonly on: string; readonly key: string } {
  const found = findPath(on);
  return found === null || found.key === "" ? { on, key: "" } : { on: found.definition.path, key: found.key };
}

export function isSum(on: string): on is SumRule["on"] {
  return Object.hasOwn(sumTypes, on);
}

/** Undefined for `items`, which has no operator, and for what nobody knows. */
export function typeOf(on: string): PathType | undefined {
  if (isSum(on)) return sumTypes[on];
  return known.find(({ path }) => path === on)?.type;
}

export function isKeyed(on: string): boolean {
  return known.some(({ path, keyed }) => path === on && keyed);
}

export function isHistory(on: string): boolean {
  return paths.some(({ path, history }) => path === on && history);
}

const words: Readonly<Record<Operator, string>> = {
  equals: "is",
  not_equals: "is not",
  greater_than: "is more than",
  greater_or_equal: "is at least",
  less_than: "is less than",
  less_or_equal: "is at most",
  between: "is between",
  any_of: "is one of",
  none_of: "is none of",
  all_of: "includes all of",
  starts_with: "starts with",
  ends_with: "ends with",
  matches: "matches the pattern",
  multiple_of: "is a multiple of",
  within: "is within",
  exists: "is given",
};

const listWords: Readonly<Partial<Record<Operator, string>>> = {
  any_of: "includes one of",
  none_of: "includes none of",
};

const timeWords: Readonly<Partial<Record<Operator, string>>> = {
  greater_than: "is after",
  greater_or_equal: "is from",
  less_than: "is before",
  less_or_equal: "is until",
};

export function operatorOptions(type: PathType): Option[] {
  const special = type === "list" ? listWords : ["instant", "date", "local_time"].includes(type) ? timeWords : {};
  return operatorsByType[type].map((op) => ({ value: op, name: special[op] ?? words[op] }));
}

/** What is asked most of a type. */
const usual: Readonly<Record<PathType, Operator>> = {
  money: "greater_or_equal",
  number: "greater_or_equal",
  weight: "greater_or_equal",
  text: "equals",
  list: "any_of",
  boolean: "equals",
  scalar: "equals",
  instant: "greater_or_equal",
  date: "between",
  local_time: "between",
  weekday: "any_of",
  location: "within",
  birthday: "within",
  recurring: "within",
};

/** The operator itself where the type knows it, else the usual one. */
export function fittingOperator(type: PathType, op: string): Operator {
  return operatorsByType[type].find((name) => name === op) ?? usual[type];
}
