/**
 * Everything that a segment can ask of a customer: one entry a fact, with its type, its words for people and its SQL.
 * The SQL is written here and nowhere else; what a tree brings along (keys, names, windows) is bound.
 */
import { operatorsByType, type PathType } from "../../domain/rules/paths.ts";
import type { Operator } from "../../domain/rules/rule.ts";
import type { Binder } from "./binder.ts";
import type { Sources } from "./sources.ts";

/** `decimal` is any finite number; amounts are in minor units of the currency that the customer pays in. */
export type FactType = "money" | "number" | "decimal" | "text" | "list" | "boolean" | "scalar" | "instant" | "birthday";

/** What a leaf brings along besides operator and value. */
interface Asked {
  /** The shop's own key of a keyed fact, else empty. */
  readonly key: string;
  readonly name: string;
  readonly windowDays: number | null;
}

export interface SegmentFact {
  /** The path, or its prefix up to the last dot when `keyed`. */
  readonly on: string;
  readonly type: FactType;
  readonly keyed: boolean;
  /** Takes `window_days`; without it all time counts. */
  readonly windowed: boolean;
  /** Takes `name`. */
  readonly named: boolean;
  readonly group: "profile" | "behaviour" | "score" | "membership";
  readonly label: string;
  /** Whether time or other customers alone can change it: only a whole pass finds that out. */
  readonly drifts: boolean;
  /** The value: null, or an empty text or list, where there is none. A scalar gives its JSON document. */
  readonly sql: (sources: Sources, binder: Binder, asked: Asked) => string;
}

const plain = { keyed: false, windowed: false, named: false, drifts: false };
type Sql = SegmentFact["sql"];
type Group = SegmentFact["group"];

function fact(on: string, type: FactType, group: Group, label: string, sql: Sql): SegmentFact {
  return { ...plain, on, type, group, label, sql };
}

function drifting(on: string, type: FactType, group: Group, label: string, sql: Sql): SegmentFact {
  return { ...plain, on, type, group, label, sql, drifts: true };
}

function keyed(on: string, type: FactType, label: string, sql: Sql): SegmentFact {
  return { ...plain, on, type, group: "profile", label, sql, keyed: true };
}

/** `drifts` says so of the fact without a window; with one it always does. */
function windowed(on: string, type: FactType, label: string, sql: Sql, named = false): SegmentFact {
  return { ...plain, on, type, group: "behaviour", label, sql, windowed: true, named };
}

const column = (name: string) => () => `w.${name}`;
const milliseconds = (name: string) => () => `toUnixTimestamp64Milli(w.${name})`;
const daysSince =
  (name: string): Sql =>
  (sources) => {
    const days = `intDiv(${sources.now()} - toUnixTimestamp64Milli(w.${name}), 86400000)`;
    // Not `greatest`, which passes over null.
    return `if(${days} < 0, 0, ${days})`;
  };
const predicted =
  (name: string): Sql =>
  (sources) =>
    `${sources.prediction()}.${name}`;

export const segmentFacts: readonly SegmentFact[] = [
  fact("customer.identifier", "text", "profile", "the customer", column("customer")),
  keyed("customer.attributes.", "scalar", "the customer's attribute", column("attributes")),
  keyed("customer.metadata.", "scalar", "the customer's metadata", column("metadata")),
  keyed(
    "customer.tags.",
    "list",
    "the customer's tag",
    (_, binder, { key }) => `JSONExtract(w.tags, ${binder.text(key)}, 'Array(String)')`,
  ),
  keyed("customer.consent.", "boolean", "consent to", (_, binder, { key }) => {
    const name = binder.text(key);
    return `if(JSONType(w.consent, ${name}) = 'Bool', toNullable(JSONExtractBool(w.consent, ${name})), NULL)`;
  }),
  drifting("customer.birthday", "birthday", "profile", "the customer's birthday", column("birthday")),
  fact("customer.created_at", "instant", "profile", "the time the customer signed up", milliseconds("created_at")),
  drifting("customer.age_days", "number", "profile", "the number of days since signing up", daysSince("created_at")),
  fact("customer.points", "number", "profile", "the balance of points", column("points_balance")),
  fact("customer.currency", "text", "profile", "the currency the customer pays in", column("currency")),

  windowed("customer.orders_count", "number", "the number of paid orders", (sources, _, { windowDays }) =>
    windowDays === null ? "w.orders_count" : sources.orders("count", windowDays),
  ),
  windowed("customer.orders_amount", "money", "the sum of paid orders", (sources, _, { windowDays }) =>
    windowDays === null ? "w.orders_amount" : sources.orders("amount", windowDays),
  ),
  windowed("customer.redemptions_count", "number", "the number of redemptions", (sources, _, { windowDays }) =>
    windowDays === null ? "w.redemptions_count" : sources.redemptions("count", windowDays),
  ),
  windowed("customer.discount_amount", "money", "the sum of discounts", (sources, _, { windowDays }) =>
    windowDays === null ? "w.discount_amount" : sources.redemptions("amount", windowDays),
  ),
  windowed("customer.rejections_count", "number", "the number of rejected redemptions", (sources, _, { windowDays }) =>
    windowDays === null ? "w.rejections_count" : sources.events("redemption.rejected", null, windowDays),
  ),
  windowed(
    "events.count",
    "number",
    "the number of events",
    (sources, _, { name, windowDays }) => sources.events("custom.recorded", name, windowDays),
    true,
  ),
  fact(
    "customer.first_order_at",
    "instant",
    "behaviour",
    "the time of the first order",
    milliseconds("first_order_at"),
  ),
  fact("customer.last_order_at", "instant", "behaviour", "the time of the last order", milliseconds("last_order_at")),
  drifting(
    "customer.days_since_order",
    "number",
    "behaviour",
    "the number of days since the last order",
    daysSince("last_order_at"),
  ),
  fact(
    "customer.average_order_amount",
    "decimal",
    "behaviour",
    "the average order in minor units",
    column("average_order_amount"),
  ),
  fact(
    "customer.discounted_orders_share",
    "decimal",
    "behaviour",
    "the share of orders with a discount",
    column("discounted_orders_share"),
  ),
  fact("customer.favourite_category", "text", "behaviour", "the favourite category", column("favourite_category")),
  fact(
    "customer.favourite_categories",
    "list",
    "behaviour",
    "the list of favourite categories",
    column("favourite_categories"),
  ),
  drifting(
    "customer.open_vouchers_count",
    "number",
    "behaviour",
    "the number of vouchers in hand",
    column("open_vouchers_count"),
  ),
  fact(
    "customer.gift_card_balance_amount",
    "money",
    "behaviour",
    "the balance of gift cards",
    column("gift_card_balance_amount"),
  ),

  drifting(
    "customer.predicted_value_amount",
    "decimal",
    "score",
    "the value predicted for the next year in minor units",
    predicted("predicted_value_amount_365d"),
  ),
  drifting(
    "customer.expected_orders_90d",
    "decimal",
    "score",
    "the number of orders expected within 90 days",
    predicted("expected_orders_90d"),
  ),
  drifting(
    "customer.probability_alive",
    "decimal",
    "score",
    "the probability of buying again",
    predicted("probability_alive"),
  ),
  drifting("customer.engagement", "decimal", "score", "the engagement from 0 to 1", predicted("engagement")),
  drifting("customer.rfm_recency", "number", "score", "the recency score", (sources) => sources.rfm().recency),
  drifting("customer.rfm_frequency", "number", "score", "the frequency score", (sources) => sources.rfm().frequency),
  drifting("customer.rfm_monetary", "number", "score", "the value score", (sources) => sources.rfm().monetary),
  drifting("customer.rfm_segment", "text", "score", "the RFM segment", (sources) => sources.rfm().segment),
  fact("customer.risk_score_max", "decimal", "score", "the highest risk score", column("risk_score_max")),
  fact("customer.flagged_count", "number", "score", "the number of flagged redemptions", column("flagged_count")),

  fact("customer.segments", "list", "membership", "the list of static segments", (sources) => sources.segments()),
];

/** The type under which operands are checked and operators are evaluated elsewhere. */
export function pathTypeOf(type: FactType): PathType {
  return type === "decimal" ? "weight" : type;
}

/** Equal decimals are equal by chance only. */
const decimalOperators: readonly Operator[] = [
  "greater_than",
  "greater_or_equal",
  "less_than",
  "less_or_equal",
  "between",
  "exists",
];

export function operatorsOf(type: FactType): readonly Operator[] {
  return type === "decimal" ? decimalOperators : operatorsByType[pathTypeOf(type)];
}

const exactly = new Map(segmentFacts.filter((one) => !one.keyed).map((one) => [one.on, one]));
const byPrefix = segmentFacts.filter((one) => one.keyed);

export interface FoundFact {
  readonly fact: SegmentFact;
  readonly key: string;
}

/** Null for a fact nobody defined, and for a keyed one without its key. */
export function findFact(on: string): FoundFact | null {
  const exact = exactly.get(on);
  if (exact !== undefined) return { fact: exact, key: "" };
  const found = byPrefix.find((one) => on.startsWith(one.on) && on.length > one.on.length);
  return found === undefined ? null : { fact: found, key: on.slice(found.on.length) };
}
