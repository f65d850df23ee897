/**
 * The flat columns of CSV and Parquet files, and how a row of them becomes the shape of the wire. What cannot be read as
 * its column says stays as it came, and the schema of the row names it.
 */
import { parseJsonOrText } from "../http/json-body.ts";
import type { Kind } from "./rows.ts";

/** json: a text that holds JSON, or (Parquet) the nested value itself. list: JSON, or texts with | between them. */
type Column = "text" | "number" | "boolean" | "json" | "list";
type Columns = Readonly<Record<string, Column>>;
type Row = Readonly<Record<string, unknown>>;

const customers: Columns = {
  identifier: "text",
  name: "text",
  email: "text",
  phone: "text",
  birthday: "text",
  attributes: "json",
  tags: "json",
  consent: "json",
  metadata: "json",
  blocked: "boolean",
  created_at: "text",
};

/** One line an item: these are of the item, all others of its order. */
const item: Columns = {
  sku: "text",
  product_id: "text",
  name: "text",
  quantity: "number",
  unit_amount: "number",
  unit_cost_amount: "number",
  weight: "number",
  categories: "list",
  attributes: "json",
};

const basket: Columns = {
  currency: "text",
  items: "json",
  shipping_amount: "number",
  amount: "number",
  tax_included: "boolean",
  channel: "text",
  store_id: "text",
  location: "json",
  payment: "json",
  device: "json",
  shipping_address: "text",
  metadata: "json",
};

const orders: Columns = { id: "text", customer_identifier: "text", status: "text", occurred_at: "text", ...basket };

const events: Columns = {
  id: "text",
  name: "text",
  customer_identifier: "text",
  occurred_at: "text",
  properties: "json",
};

const redemptions: Columns = {
  id: "text",
  code: "text",
  discount_amount: "number",
  shipping_discount_amount: "number",
  codes: "json",
  customer_identifier: "text",
  occurred_at: "text",
  source: "text",
  order_id: "text",
  ...basket,
};

const flat: Readonly<Record<Kind, Columns>> = { customers, orders: { ...orders, ...item }, events, redemptions };

/** What only Parquet can hold: the wire's own nested fields. */
const nested: Readonly<Record<Kind, Columns>> = {
  customers: {},
  orders: { customer: "json" },
  events: { customer: "json" },
  redemptions: { customer: "json", order: "json" },
};

/** What the first line of a CSV file may name. */
export function csvColumns(kind: Kind): string[] {
  return Object.keys(flat[kind]);
}

/** What a Parquet file may have at its top level. */
export function parquetColumns(kind: Kind): string[] {
  return [...csvColumns(kind), ...Object.keys(nested[kind])];
}

/** A row of columns in the shape of the wire. */
export function fromColumns(kind: Kind, given: Row): Row {
  const row = readFields(given, { ...flat[kind], ...nested[kind] });
  switch (kind) {
    case "customers":
      return row;
    case "events":
      return withCustomer(row);
    case "orders":
      return withCustomer(withItems(row));
    case "redemptions":
      return withCustomer(withCodes(withOrder(row)));
  }
}

/** Of a line with an item's columns: the item, and what it says of the order. */
export function splitLine(wire: Row): { readonly order: Row; readonly item: unknown } {
  const { items, ...order } = wire;
  return { order, item: Array.isArray(items) ? items[0] : undefined };
}

function readFields(row: Row, columns: Columns): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, readField(value, columns[name])]));
}

function readField(value: unknown, column: Column | undefined): unknown {
  // Ids that are numbers in a Parquet file are texts on the wire.
  if (column === "text") return typeof value === "number" ? String(value) : value;
  if (column === "boolean" && (value === 1 || value === 0)) return value === 1;
  if (typeof value !== "string") return value;
  switch (column) {
    case "number":
      return /^-?\d{1,15}(\.\d{1,6})?$/.test(value) ? Number(value) : value;
    case "boolean":
      return value === "true" ? true : value === "false" ? false : value;
    case "json":
      return parseJsonOrText(value);
    case "list":
      return value.startsWith("[") ? parseJsonOrText(value) : value.split("|").map((text) => text.trim());
    default:
      return value;
  }
}

function withCustomer({ customer_identifier, ...row }: Row): Row {
  return customer_identifier === undefined ? row : { ...row, customer: { identifier: customer_identifier } };
}

/** `items`, or the one item that the line is. */
function withItems(row: Row): Row {
  const own = Object.fromEntries(Object.entries(row).filter(([name]) => Object.hasOwn(item, name)));
  const order = Object.fromEntries(Object.entries(row).filter(([name]) => !Object.hasOwn(item, name)));
  if (Object.keys(own).length === 0) return { ...order, ...eachItem(row) };
  // Both at once is refused by the schema, which knows no such field of an order.
  return row.items === undefined ? { ...order, items: [own] } : row;
}

function eachItem({ items }: Row): Row {
  if (!Array.isArray(items)) return items === undefined ? {} : { items };
  return {
    items: items.map((one: unknown) => (typeof one === "object" && one !== null ? readFields(one as Row, item) : one)),
  };
}

function withOrder({ order, order_id, ...row }: Row): Row {
  const own = Object.fromEntries(Object.entries(row).filter(([name]) => Object.hasOwn(basket, name)));
  const rest = Object.fromEntries(Object.entries(row).filter(([name]) => !Object.hasOwn(basket, name)));
  if (order !== undefined) return { ...row, order, ...(order_id === undefined ? {} : { order_id }) };
  return { ...rest, order: { ...(order_id === undefined ? {} : { id: order_id }), ...own, ...eachItem(row) } };
}

function withCodes(whole: Row): Row {
  const { code, discount_amount, shipping_discount_amount, ...row } = whole;
  if (code === undefined) return whole;
  const given = Object.entries({ code, discount_amount, shipping_discount_amount });
  const one = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  // Both at once is refused by the schema, which knows no `code` beside `codes`.
  return row.codes === undefined ? { ...row, codes: [one] } : { ...row, code };
}
