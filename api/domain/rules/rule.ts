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
  | "matches"
  | "multiple_of"
  | "within"
  | "exists";

/** `[lon, lat]` in degrees, as in GeoJSON. */
export type Point = readonly [number, number];

/** `order.location`. A polygon is one ring without holes; it closes by itself. */
export type Area = { readonly center: Point; readonly radius_m: number } | { readonly polygon: readonly Point[] };

/** `customer.birthday`: from so many days before it to so many after it, both included, in the campaign's time zone. */
export interface BirthdayWindow {
  readonly days_before: number;
  readonly days_after: number;
}

/**
 * `time.recurring`: windows of the campaign's wall clock, the first at `start` ("YYYY-MM-DDTHH:MM"), each
 * `duration_minutes` long, one every `interval` (default 1) days, weeks, months or years. A month without that day has
 * no window. Ends before `until` when given.
 */
export interface Recurrence {
  readonly start: string;
  readonly duration_minutes: number;
  readonly every: "day" | "week" | "month" | "year";
  readonly interval?: number;
  readonly until?: string;
}

export type Operand =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | Area
  | BirthdayWindow
  | Recurrence;

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
  /** The message by language ("de", "pt-BR"), chosen by the shopper's; `message` where none fits. */
  readonly messages?: Readonly<Record<string, string>>;
}

export interface ItemsRule {
  readonly on: "items";
  readonly which: ItemQuantifier;
  readonly where: Rule;
  readonly message?: string;
  readonly messages?: Readonly<Record<string, string>>;
}

/** A sum over the lines that match: `items.amount` (unit amount × quantity), `items.quantity`, `items.weight` (grams). */
export interface SumRule {
  readonly on: "items.amount" | "items.quantity" | "items.weight";
  readonly where: Rule;
  readonly op: Operator;
  readonly value: Operand;
  readonly message?: string;
  readonly messages?: Readonly<Record<string, string>>;
}

export type Rule =
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly none: readonly Rule[] }
  | ItemsRule
  | SumRule
  | Leaf;
