/**
 * The conditions of risk rules: a tree over the features of an attempt and a few facts around it. Compiled once, as long
 * as the tree lives; `condition-sql.ts` says the same to the warehouse, and a test holds the two together.
 */
export const comparisons = [
  "equals",
  "not_equals",
  "greater_than",
  "greater_or_equal",
  "less_than",
  "less_or_equal",
  "between",
  "any_of",
  "none_of",
] as const;
export type Comparison = (typeof comparisons)[number];

export const leavesMax = 20;
export const depthMax = 5;
/** Of one leaf. */
export const valuesMax = 100;

export interface Leaf {
  /** The name of a feature, or one of `factPaths`. */
  readonly on: string;
  readonly op: Comparison;
  readonly value: number | string | readonly number[] | readonly string[];
}

export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly none: readonly Condition[] }
  | Leaf;

export const factPaths = { campaign_id: "texts", "order.amount": "number", "order.channel": "texts" } as const;
export type FactPath = keyof typeof factPaths;

/** What a rule sees of an attempt. */
export interface Seen {
  readonly features: Readonly<Record<string, number>>;
  /** Sub-campaigns and their main campaigns. */
  readonly campaignIds: readonly string[];
  /** Minor units, before discounts. */
  readonly amount: number;
  /** Empty when the order does not say. */
  readonly channel: string;
}

type Test = (seen: Seen) => boolean;

export interface Group {
  readonly op: "all" | "any" | "none";
  readonly children: readonly Condition[];
}

export function groupOf(condition: Condition): Group | null {
  if ("all" in condition) return { op: "all", children: condition.all };
  if ("any" in condition) return { op: "any", children: condition.any };
  if ("none" in condition) return { op: "none", children: condition.none };
  return null;
}

export function isFactPath(on: string): on is FactPath {
  return Object.hasOwn(factPaths, on);
}

/** An empty `all` or `none` is met, an empty `any` is not. A feature that the vector does not have is never met. */
export function compile(condition: Condition): Test {
  const group = groupOf(condition);
  if (group === null) return compileLeaf(condition as Leaf);
  const parts = group.children.map(compile);
  // One child that is as `decisive` settles the group, as `settled`; otherwise it is the opposite.
  const decisive = group.op !== "all";
  const settled = group.op === "any";
  return (seen) => {
    for (const part of parts) if (part(seen) === decisive) return settled;
    return !settled;
  };
}

function compileLeaf(leaf: Leaf): Test {
  if (leaf.on === "campaign_id") return textTest(leaf, (seen) => seen.campaignIds);
  if (leaf.on === "order.channel") return textTest(leaf, (seen) => [seen.channel]);
  const test = numberTest(leaf);
  if (leaf.on === "order.amount") return (seen) => test(seen.amount);
  const { on } = leaf;
  return ({ features }) => {
    // What an object inherits is no number.
    const value: unknown = features[on];
    return typeof value === "number" && test(value);
  };
}

function textTest({ op, value }: Leaf, textsOf: (seen: Seen) => readonly string[]): Test {
  const asked = new Set((Array.isArray(value) ? value : [value]).map(String));
  const wanted = op === "equals" || op === "any_of";
  return (seen) => textsOf(seen).some((text) => asked.has(text)) === wanted;
}

function numberTest({ op, value }: Leaf): (seen: number) => boolean {
  const list = (Array.isArray(value) ? value : [value]).map(Number);
  const [first = Number.NaN, second = Number.NaN] = list;
  switch (op) {
    case "equals":
    case "any_of":
      return (seen) => list.includes(seen);
    case "not_equals":
    case "none_of":
      return (seen) => !list.includes(seen);
    case "greater_than":
      return (seen) => seen > first;
    case "greater_or_equal":
      return (seen) => seen >= first;
    case "less_than":
      return (seen) => seen < first;
    case "less_or_equal":
      return (seen) => seen <= first;
    case "between":
      return (seen) => seen >= first && seen <= second;
  }
}
