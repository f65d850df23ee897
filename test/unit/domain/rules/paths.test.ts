import { describe, expect, it } from "vitest";
import type { FactValue } from "../../../../api/domain/reason.ts";
import { historyKey } from "../../../../api/domain/rules/history.ts";
import { operators } from "../../../../api/domain/rules/operators/table.ts";
import { operatorsByType, paths, type RuleContext } from "../../../../api/domain/rules/paths.ts";
import type { Leaf } from "../../../../api/domain/rules/rule.ts";
import { customer, item, now, order } from "../builders.ts";
import { leafTrace } from "./context.ts";

const shoe = item({
  sku: "SHOE-1",
  productId: "prod-1",
  name: "Shoe",
  quantity: 2,
  unitAmount: 4_000,
  weight: 800,
  categories: ["shoes", "sale"],
  attributes: { weight: 800 },
});

const seen: Partial<RuleContext> = {
  order: order({
    items: [shoe, item({ unitAmount: 1_500, quantity: 3 })],
    shippingAmount: 490,
    channel: "web",
    storeId: "store-7",
    paymentMethod: "card",
    location: { lat: 52.52, lon: 13.405 },
    metadata: { note: "gift", "dotted.key": 3, constructor: "mine" },
  }),
  customer: customer({
    isNew: true,
    segments: ["loyal", "families"],
    points: 120,
    birthday: "1990-05-20",
    createdAt: Date.UTC(2026, 4, 12, 12, 31),
    tags: { vip: ["gold"] },
    attributes: { age: 40, sports: ["ski"] },
    metadata: { source: "ad" },
    history: {
      [historyKey({ on: "customer.orders_count", name: null, windowDays: 30 })]: 4,
      [historyKey({ on: "customer.orders_count", name: null, windowDays: null })]: 9,
      [historyKey({ on: "events.count", name: "visit", windowDays: null })]: 12,
    },
  }),
  amountLeft: 10_000,
  item: shoe,
};

const rows: readonly [on: string, value: FactValue, more?: Partial<Leaf>][] = [
  ["order.amount", 12_500],
  ["order.amount_after_discounts", 10_000],
  ["order.quantity", 5],
  ["order.lines_count", 2],
  ["order.currency", "EUR"],
  ["order.channel", "web"],
  ["order.store_id", "store-7"],
  ["order.payment.method", "card"],
  ["order.payment_method", "card"],
  ["order.location", [13.405, 52.52]],
  ["order.shipping_amount", 490],
  ["order.metadata.note", "gift"],
  ["order.metadata.dotted.key", 3],
  ["order.metadata.constructor", "mine"],
  ["order.metadata.toString", null],
  ["item.sku", "SHOE-1"],
  ["item.product_id", "prod-1"],
  ["item.name", "Shoe"],
  ["item.unit_amount", 4_000],
  ["item.quantity", 2],
  ["item.weight", 800],
  ["item.categories", ["shoes", "sale"]],
  ["item.attributes.weight", 800],
  ["item.attributes.colour", null],
  ["customer.identifier", "ada@example.com"],
  ["customer.is_new", true],
  ["customer.segments", ["loyal", "families"]],
  ["customer.points", 120],
  ["customer.birthday", "05-20"],
  ["customer.created_at", "2026-05-12T12:31:00.000Z"],
  ["customer.age_days", 1],
  ["customer.tags.vip", ["gold"]],
  ["customer.tags.__proto__", null],
  ["customer.attributes.age", 40],
  ["customer.attributes.sports", ["ski"]],
  ["customer.metadata.source", "ad"],
  ["customer.orders_count", 9],
  ["customer.orders_count", 4, { window_days: 30 }],
  ["customer.orders_amount", 0],
  ["events.count", 12, { name: "visit" }],
  ["events.count", 0, { name: "toString" }],
  ["time.at", "2026-05-14T12:30:00.000Z"],
  ["time.date", "2026-05-14"],
  ["time.local", "14:30"],
  ["time.recurring", "2026-05-14T14:30"],
  ["time.weekday", 4],
  ["order.metadata.", null],
  ["weather.rain", null],
];

it.each<[string, FactValue, Partial<Leaf>?]>(rows)("%s reads %j", (on, value, more = {}) => {
  expect(leafTrace({ on, op: "exists", value: true, ...more }, seen).actual).toEqual(value);
});

it("reads every path of the catalogue", () => {
  const read = rows.map(([on]) => on);
  for (const { path } of paths) expect(read.some((on) => on.startsWith(path))).toBe(true);
});

describe("without a customer", () => {
  it.each(paths.filter((entry) => entry.of === "customer"))("$path is absent", ({ path, keyed }) => {
    const on = keyed ? `${path}vip` : path;
    const asked: Leaf = { on, op: "exists", value: true, name: "visit" };
    expect(leafTrace(asked, { ...seen, customer: null })).toMatchObject({ met: false, actual: null });
  });
});

it("never meets a path it does not know, whatever the operator", () => {
  for (const op of ["not_equals", "none_of", "exists"] as const) {
    expect(leafTrace({ on: "weather.rain", op, value: false }).met).toBe(false);
  }
});

it("knows no age of somebody never seen, and none below zero", () => {
  const asked: Leaf = { on: "customer.age_days", op: "exists", value: true };
  expect(leafTrace(asked, { customer: customer({ createdAt: null }) }).actual).toBeNull();
  expect(leafTrace(asked, { customer: customer({ createdAt: now + 1 }) }).actual).toBe(0);
});

it("allows only operators that exist, each for some type", () => {
  const allowed = new Set(Object.values(operatorsByType).flat());
  expect([...allowed].sort()).toEqual(Object.keys(operators).sort());
});
