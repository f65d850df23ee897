import { expect, it } from "vitest";
import { csvColumns, fromColumns, parquetColumns } from "../../../api/imports/columns.ts";
import { FlatOrders } from "../../../api/imports/flat-orders.ts";
import { readStaged, rowSchemas } from "../../../api/imports/rows.ts";
import { orderItemBody } from "../../../api/validations/order-schema.ts";

it("has a column for every field of a row: those of the wire, flat", () => {
  const customers = Object.keys(rowSchemas.customers.shape);
  expect(csvColumns("customers").sort()).toEqual(customers.sort());
  const orders = Object.keys(rowSchemas.orders.shape).filter((name) => name !== "customer");
  const items = Object.keys(orderItemBody.shape);
  expect(csvColumns("orders").sort()).toEqual([...new Set([...orders, "customer_identifier", ...items])].sort());
  const events = Object.keys(rowSchemas.events.shape).filter((name) => name !== "customer");
  expect(csvColumns("events").sort()).toEqual([...events, "customer_identifier"].sort());
  expect(parquetColumns("redemptions")).toEqual(expect.arrayContaining(["order", "customer", "codes", "order_id"]));
});

it("puts together what columns say of a redemption", () => {
  const row = {
    id: "h-1",
    code: "SALE",
    discount_amount: "500",
    shipping_discount_amount: "90",
    customer_identifier: "ann",
    order_id: "o-1",
    currency: "EUR",
    items: '[{"sku":"a","quantity":1,"unit_amount":1000}]',
    shipping_amount: "490",
    occurred_at: "2024-01-01T00:00:00Z",
  };
  expect(fromColumns("redemptions", row)).toEqual({
    id: "h-1",
    codes: [{ code: "SALE", discount_amount: 500, shipping_discount_amount: 90 }],
    customer: { identifier: "ann" },
    order: { id: "o-1", currency: "EUR", items: [{ sku: "a", quantity: 1, unit_amount: 1000 }], shipping_amount: 490 },
    occurred_at: "2024-01-01T00:00:00Z",
  });
});

it("lets the schema name what two columns say at once, and what no column can be", () => {
  const items = [{ sku: "a", quantity: 1, unit_amount: 1 }];
  const order = { id: "o", customer_identifier: "c", status: "paid", currency: "EUR" };
  const fault = (kind: "orders" | "redemptions" | "customers", row: object) => {
    const content = JSON.stringify(fromColumns(kind, row as Record<string, unknown>));
    return readStaged(kind, [{ line: 1, content, fault: null, item_lines: null }]).errors[0]?.field;
  };
  expect(fault("orders", { ...order, items, sku: "b", quantity: 1, unit_amount: 1 })).toBe("sku");
  expect(fault("orders", { ...order, items: "[broken" })).toBe("items");
  expect(fault("orders", { ...order, items: '[{"sku":"a","quantity":1,"quantity":2}]' })).toBe("items");
  expect(fault("orders", { ...order, items, shipping_amount: "4.90" })).toBe("shipping_amount");
  expect(fault("orders", { ...order, items, shipping_amount: "1e3" })).toBe("shipping_amount");
  expect(fault("redemptions", { discount_amount: 5, codes: [{ code: "A", discount_amount: 1 }] })).toBeDefined();
  expect(fault("customers", { identifier: "c", blocked: "yes" })).toBe("blocked");
  expect(fault("customers", { identifier: "c", blocked: "1" })).toBe("blocked");
});

it("takes integers for ids, and 0 and 1 for yes and no, where a Parquet file has them", () => {
  expect(fromColumns("customers", { identifier: 7, blocked: 1 })).toEqual({ identifier: "7", blocked: true });
  expect(fromColumns("orders", { id: 1, items: [{ sku: 5, quantity: 1 }] })).toEqual({
    id: "1",
    items: [{ sku: "5", quantity: 1 }],
  });
});

const head = { id: "o-1", status: "paid" };

function staged(rows: readonly { line: number; content?: Record<string, unknown>; fault?: string }[]) {
  const flat = new FlatOrders();
  return [...flat.add(rows as Parameters<FlatOrders["add"]>[0]), ...flat.end()].map(({ content, ...row }) => ({
    ...row,
    items: content === null ? null : (JSON.parse(content) as { items: unknown[] }).items.length,
  }));
}

it("joins lines of one order that follow each other, whatever the blocks they come in", () => {
  const item = (line: number, order: object, sku: string) => ({ line, content: { ...order, sku } });
  expect(staged([item(2, head, "a"), item(3, head, "b"), item(4, { ...head, id: "o-2" }, "a")])).toEqual([
    { line: 2, fault: null, item_lines: [2, 3], items: 2 },
    { line: 4, fault: null, item_lines: [4], items: 1 },
  ]);
  const flat = new FlatOrders();
  expect(flat.add([item(2, head, "a")])).toEqual([]);
  expect(flat.add([item(3, head, "b")])).toEqual([]);
  expect(flat.end()).toHaveLength(1);
  expect(flat.end()).toEqual([]);
});

it("leaves out an order within which a line could not be read, and one that is too large", () => {
  const item = (line: number) => ({ line, content: { ...head, sku: "a" } });
  expect(staged([item(2), { line: 3, fault: "Broken." }, item(4)]).map(({ line, fault }) => [line, fault])).toEqual([
    [3, "Broken."],
    [2, "Line 3, within this order, is empty or could not be read."],
  ]);
  const many = staged(Array.from({ length: 600 }, (_, n) => item(n + 2)));
  expect(many[0]?.items).toBe(501);
  const large = Array.from({ length: 10 }, (_, n) => ({ line: n + 2, content: { ...head, sku: "x".repeat(60_000) } }));
  expect(staged(large)[0]?.fault).toBe("The order is larger than 262144 bytes.");
});
