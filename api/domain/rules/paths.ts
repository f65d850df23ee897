/** Everything a rule can look at: one entry a path, with its type, its words for people, and how it is read from the facts. */
import type { CustomerFacts, OrderFacts, OrderItem } from "../facts.ts";
import type { FactValue } from "../reason.ts";
import { formatInstant } from "../time.ts";
import { historyKey, historyQueryOf } from "./history.ts";
import type { Leaf, Operator } from "./rule.ts";

/** What one evaluation sees. `item` is set inside `items` and a reward's `where` only. */
export interface RuleContext {
  readonly now: number;
  readonly order: OrderFacts;
  readonly customer: CustomerFacts | null;
  /** The campaign's wall clock at `now`: "HH:MM" and 0 (Sunday) to 6. */
  readonly localTime: string;
  readonly localWeekday: number;
  /** Σ of the lines before any discount. */
  readonly amount: number;
  /** Σ of what earlier codes and redemptions have left of the lines. */
  readonly amountLeft: number;
  readonly item: OrderItem | null;
}

/** `scalar` is what shops put in metadata and attributes: its type is known only when the fact is seen. */
export type PathType =
  | "money"
  | "number"
  | "text"
  | "list"
  | "boolean"
  | "scalar"
  | "instant"
  | "local_time"
  | "weekday";

export interface PathDefinition {
  /** The path, or its prefix up to the last dot when `keyed`. */
  readonly path: string;
  readonly type: PathType;
  readonly of: "order" | "item" | "customer" | "time";
  /** Followed by a key of the shop's own: `order.metadata.<key>`. */
  readonly keyed: boolean;
  /** Answered by a history query; takes `window_days`. */
  readonly history: boolean;
  /** Words for a message, without the key. */
  readonly label: string;
  readonly read: (context: RuleContext, key: string, leaf: Leaf) => FactValue | undefined;
}

const ordering = ["greater_than", "greater_or_equal", "less_than", "less_or_equal", "between"] as const;

export const operatorsByType: Readonly<Record<PathType, readonly Operator[]>> = {
  money: ["equals", "not_equals", ...ordering, "any_of", "none_of", "multiple_of", "exists"],
  number: ["equals", "not_equals", ...ordering, "any_of", "none_of", "multiple_of", "exists"],
  text: ["equals", "not_equals", "any_of", "none_of", "starts_with", "ends_with", "exists"],
  list: ["any_of", "none_of", "all_of", "exists"],
  boolean: ["equals", "not_equals", "exists"],
  scalar: [
    "equals",
    "not_equals",
    ...ordering,
    "any_of",
    "none_of",
    "all_of",
    "starts_with",
    "ends_with",
    "multiple_of",
    "exists",
  ],
  instant: [...ordering],
  local_time: [...ordering],
  weekday: ["equals", "not_equals", ...ordering, "any_of", "none_of"],
};

type Read = PathDefinition["read"];

function plain(path: string, type: PathType, label: string, read: Read): PathDefinition {
  return { path, type, of: scopeOf(path), keyed: false, history: false, label, read };
}

function keyed(path: string, type: PathType, label: string, read: Read): PathDefinition {
  return { path, type, of: scopeOf(path), keyed: true, history: false, label, read };
}

/** History counts from nothing: a customer without an answer has done nothing yet. No customer, no answer. */
function history(path: string, type: PathType, label: string): PathDefinition {
  const read: Read = ({ customer }, _key, leaf) => {
    const query = historyQueryOf(leaf);
    return customer === null || query === null ? null : (own(customer.history, historyKey(query)) ?? 0);
  };
  return { path, type, of: "customer", keyed: false, history: true, label, read };
}

function scopeOf(path: string): PathDefinition["of"] {
  if (path.startsWith("order.")) return "order";
  if (path.startsWith("item.")) return "item";
  return path.startsWith("time.") ? "time" : "customer";
}

/** Own properties only: a key named "constructor" is a shop's key like any other. */
function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

export const paths: readonly PathDefinition[] = [
  plain("order.amount", "money", "the order amount", (c) => c.amount),
  plain("order.amount_after_discounts", "money", "the order amount after discounts", (c) => c.amountLeft),
  plain("order.quantity", "number", "the number of units in the order", (c) =>
    c.order.items.reduce((sum, item) => sum + item.quantity, 0),
  ),
  plain("order.lines_count", "number", "the number of lines in the order", (c) => c.order.items.length),
  plain("order.currency", "text", "the order's currency", (c) => c.order.currency),
  plain("order.channel", "text", "the sales channel", (c) => c.order.channel),
  plain("order.store_id", "text", "the store", (c) => c.order.storeId),
  plain("order.payment_method", "text", "the payment method", (c) => c.order.paymentMethod),
  plain("order.shipping_amount", "money", "the shipping amount", (c) => c.order.shippingAmount),
  keyed("order.metadata.", "scalar", "the order's metadata", (c, key) => own(c.order.metadata, key)),
  plain("item.sku", "text", "the item's SKU", (c) => c.item?.sku),
  plain("item.product_id", "text", "the item's product", (c) => c.item?.productId),
  plain("item.name", "text", "the item's name", (c) => c.item?.name),
  plain("item.unit_amount", "money", "the item's price", (c) => c.item?.unitAmount),
  plain("item.quantity", "number", "the item's quantity", (c) => c.item?.quantity),
  plain("item.categories", "list", "the item's categories", (c) => c.item?.categories),
  keyed("item.attributes.", "scalar", "the item's attribute", (c, key) => own(c.item?.attributes, key)),
  plain("customer.identifier", "text", "the customer", (c) => c.customer?.identifier),
  plain("customer.is_new", "boolean", "being a new customer", (c) => c.customer?.isNew),
  keyed("customer.tags.", "list", "the customer's tag", (c, key) => own(c.customer?.tags, key)),
  keyed("customer.attributes.", "scalar", "the customer's attribute", (c, key) => own(c.customer?.attributes, key)),
  keyed("customer.metadata.", "scalar", "the customer's metadata", (c, key) => own(c.customer?.metadata, key)),
  history("customer.orders_count", "number", "the number of the customer's paid orders"),
  history("customer.orders_amount", "money", "the sum of the customer's paid orders"),
  history("events.count", "number", "the number of the customer's events"),
  plain("time.at", "instant", "the time", (c) => formatInstant(c.now)),
  plain("time.local", "local_time", "the time of day", (c) => c.localTime),
  plain("time.weekday", "weekday", "the day of the week", (c) => c.localWeekday),
];

const plainPaths = new Map(paths.filter((entry) => !entry.keyed).map((entry) => [entry.path, entry]));
const keyedPaths = paths.filter((entry) => entry.keyed);

export interface FoundPath {
  readonly definition: PathDefinition;
  /** The shop's own key of a keyed path, else empty. */
  readonly key: string;
}

/** Null for a path nobody defined, and for a keyed one without its key. */
export function findPath(on: string): FoundPath | null {
  const exact = plainPaths.get(on);
  if (exact !== undefined) return { definition: exact, key: "" };
  const definition = keyedPaths.find((entry) => on.startsWith(entry.path) && on.length > entry.path.length);
  return definition === undefined ? null : { definition, key: on.slice(definition.path.length) };
}
