/** The typed tree of conditions as it is stored and sent: `api.md`, "Rule". Depth at most 8, at most 100 nodes. */

export type Operator =
  | "equals"
  | "not_equals"
  | "greater_than"
  | "greater_or_equal"
  | "less_than"
  | "less_or_equal"
  | "between"
  | "any_of"
  | "none_of"
  | "all_of"
  | "starts_with"
  | "ends_with"
  | "multiple_of"
  | "exists";

export type Operand = string | number | boolean | readonly string[] | readonly number[];

export type ItemQuantifier = "any" | "all" | "none" | "cheapest" | "most_expensive";

export interface Leaf {
  readonly on: string;
  readonly op: Operator;
  readonly value: Operand;
  /** For `events.count`: the event's name. */
  readonly name?: string;
  /** For history paths: only the last so many days count. */
  readonly window_days?: number;
  readonly message?: string;
}

export interface ItemsRule {
  readonly on: "items";
  readonly which: ItemQuantifier;
  readonly where: Rule;
  readonly message?: string;
}

export type Rule =
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly none: readonly Rule[] }
  | ItemsRule
  | Leaf;
