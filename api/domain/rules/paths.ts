/** Everything a rule can look at: one entry a path, with its type, its words for people, and how it is read from the facts. */
import type { CustomerFacts, OrderFacts, OrderItem } from "../facts.ts";
import type { FactValue } from "../reason.ts";
import { historyKey, historyQueryOf } from "./history.ts";
import type { Leaf, Operator } from "./rule.ts";

/** What one evaluation sees. `item` is set in a reward's `where` only. */
export interface RuleContext {
  readonly now: number;
  readonly order: OrderFacts;
  readonly customer: CustomerFacts | null;
  /** The campaign's wall clock at `now`: "HH:MM", 0 (Sunday) to 6, "YYYY-MM-DD". */
  readonly localTime: string;
  readonly localWeekday: number;
  readonly localDate: string;
  /** What the shopper reads, best first. */
  readonly languages: readonly string[];
  /** Σ of the lines before any discount. */
  readonly amount: number;
  /** Σ of what earlier codes and redemptions have left of the lines. */
  readonly amountLeft: number;
  readonly item: OrderItem | null;
  /** What the event says that a workflow began with; absent elsewhere. */
  readonly event?: Readonly<Record<string, FactValue>>;
}

/**
 * `scalar` is what shops put in metadata and attributes: its type is known only when the fact is seen. `location`,
 * `birthday` and `recurring` are what `within` can be asked of.
 */
export type PathType =
  | "money"
  | "number"
  | "weight"
  | "text"
  | "list"
  | "boolean"
  | "scalar"
  | "instant"
  | "date"
  | "local_time"
  | "weekday"
  | "location"
  | "birthday"
  | "recurring";

/** How a fact is read, its key and its history query settled beforehand. Instants are epoch ms. */
type Read = (context: RuleContext, item: OrderItem | null) => FactValue | undefined;

export interface PathDefinition {
  /** The path, or its prefix up to the last dot when `keyed`. */
  readonly path: string;
  readonly type: PathType;
  readonly of: "order" | "item" | "customer" | "time" | "event";
  /** Followed by a key of the shop's own: `order.metadata.<key>`. */
  readonly keyed: boolean;
  /** Answered by a history query; takes `window_days`. */
  readonly history: boolean;
  /** Words for a message, without the key. */
  readonly label: string;
  readonly bind: (key: string, leaf: Leaf) => Read;
}

const ordering = ["greater_than", "greater_or_equal", "less_than", "less_or_equal", "between"] as const;
const countable = ["equals", "not_equals", ...ordering, "any_of", "none_of", "multiple_of", "exists"] as const;
const textual = ["equals", "not_equals", "any_of", "none_of", "starts_with", "ends_with", "matches", "exists"] as const;

export const operatorsByType: Readonly<Record<PathType, readonly Operator[]>> = {
  money: countable,
  number: countable,
  weight: countable,
  text: textual,
  list: ["any_of", "none_of", "all_of", "exists"],
  boolean: ["equals", "not_equals", "exists"],
  scalar: [...textual, ...ordering, "all_of", "multiple_of"],
  instant: [...ordering, "exists"],
  date: ["equals", "not_equals", ...ordering, "any_of", "none_of"],
  local_time: ordering,
  weekday: ["equals", "not_equals", ...ordering, "any_of", "none_of"],
  location: ["within", "exists"],
  birthday: ["within", "exists"],
  recurring: ["within"],
};

function plain(path: string, type: PathType, label: string, read: Read): PathDefinition {
  return { path, type, of: scopeOf(path), keyed: false, history: false, label, bind: () => read };
}

type Keyed = Readonly<Record<string, FactValue>> | undefined;

function keyed(
  path: string,
  type: PathType,
  label: string,
  of: (context: RuleContext, item: OrderItem | null) => Keyed,
): PathDefinition {
  const bind =
    (key: string): Read =>
    (context, item) =>
      own(of(context, item), key);
  return { path, type, of: scopeOf(path), keyed: true, history: false, label, bind };
}

/** History counts from nothing: a customer without an answer has done nothing yet. No customer, no answer. */
function history(path: string, type: PathType, label: string): PathDefinition {
  const bind = (_key: string, leaf: Leaf): Read => {
    const query = historyQueryOf(leaf);
    const key = query === null ? "" : historyKey(query);
    return ({ customer }) => (customer === null ? null : (own(customer.history, key) ?? 0));
  };
  return { path, type, of: "customer", keyed: false, history: true, label, bind };
}

function scopeOf(path: string): PathDefinition["of"] {
  if (path.startsWith("order.")) return "order";
  if (path.startsWith("item.")) return "item";
  if (path.startsWith("event.")) return "event";
  return path.startsWith("time.") ? "time" : "customer";
}

/** Own properties only: a key named "constructor" is a shop's key like any other. */
function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

function unitsOf(items: readonly OrderItem[]): number {
  let sum = 0;
  for (const item of items) sum += item.quantity;
  return sum;
}

function ageDays({ customer, now }: RuleContext): number | null {
  return customer === null || customer.createdAt === null
    ? null
    : Math.max(0, Math.floor((now - customer.createdAt) / 86_400_000));
}

export const paths: readonly PathDefinition[] = [
  plain("order.amount", "money", "the order amount", (c) => c.amount),
  plain("order.amount_after_discounts", "money", "the order amount after discounts", (c) => c.amountLeft),
  plain("order.quantity", "number", "the number of units in the order", (c) => unitsOf(c.order.items)),
  plain("order.lines_count", "number", "the number of lines in the order", (c) => c.order.items.length),
  plain("order.currency", "text", "the order's currency", (c) => c.order.currency),
  plain("order.channel", "text", "the sales channel", (c) => c.order.channel),
  plain("order.store_id", "text", "the store", (c) => c.order.storeId),
  plain("order.payment.method", "text", "the payment method", (c) => c.order.paymentMethod),
  // An older name of the same.
  plain("order.payment_method", "text", "the payment method", (c) => c.order.paymentMethod),
  plain("order.shipping_amount", "money", "the shipping amount", (c) => c.order.shippingAmount),
  plain("order.location", "location", "the shopper's place", ({ order: { location } }) =>
    location === null ? null : [location.lon, location.lat],
  ),
  keyed("order.metadata.", "scalar", "the order's metadata", (c) => c.order.metadata),
  plain("item.sku", "text", "the item's SKU", (_c, item) => item?.sku),
  plain("item.product_id", "text", "the item's product", (_c, item) => item?.productId),
  plain("item.name", "text", "the item's name", (_c, item) => item?.name),
  plain("item.unit_amount", "money", "the item's price", (_c, item) => item?.unitAmount),
  plain("item.quantity", "number", "the item's quantity", (_c, item) => item?.quantity),
  plain("item.weight", "weight", "the item's weight", (_c, item) => item?.weight),
  plain("item.categories", "list", "the item's categories", (_c, item) => item?.categories),
  keyed("item.attributes.", "scalar", "the item's attribute", (_c, item) => item?.attributes),
  plain("customer.identifier", "text", "the customer", (c) => c.customer?.identifier),
  plain("customer.is_new", "boolean", "being a new customer", (c) => c.customer?.isNew),
  plain("customer.segments", "list", "the customer's segments", (c) => c.customer?.segments),
  plain("customer.points", "number", "the customer's points", (c) => c.customer?.points),
  plain("customer.birthday", "birthday", "the customer's birthday", (c) => c.customer?.birthday),
  plain("customer.created_at", "instant", "the time the customer signed up", (c) => c.customer?.createdAt),
  plain("customer.age_days", "number", "the days since the customer signed up", ageDays),
  keyed("customer.tags.", "list", "the customer's tag", (c) => c.customer?.tags),
  keyed("customer.attributes.", "scalar", "the customer's attribute", (c) => c.customer?.attributes),
  keyed("customer.metadata.", "scalar", "the customer's metadata", (c) => c.customer?.metadata),
  history("customer.orders_count", "number", "the number of the customer's paid orders"),
  history("customer.orders_amount", "money", "the sum of the customer's paid orders"),
  history("events.count", "number", "the number of the customer's events"),
  plain("time.at", "instant", "the time", (c) => c.now),
  plain("time.date", "date", "the date", (c) => c.localDate),
  plain("time.local", "local_time", "the time of day", (c) => c.localTime),
  plain("time.weekday", "weekday", "the day of the week", (c) => c.localWeekday),
  plain("time.recurring", "recurring", "the time", (c) => `${c.localDate}T${c.localTime}`),
];

/** Of workflows only: campaigns decide without an event. */
const eventPath = keyed("event.", "scalar", "the event's", (c) => c.event);

const plainPaths = new Map(paths.filter((entry) => !entry.keyed).map((entry) => [entry.path, entry]));
const keyedPaths = [...paths.filter((entry) => entry.keyed), eventPath];

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
