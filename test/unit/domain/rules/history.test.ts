import { describe, expect, it } from "vitest";
import type { HistoryQuery } from "../../../../api/domain/facts.ts";
import { historyKey, historyQueries } from "../../../../api/domain/rules/history.ts";
import type { Leaf, Rule } from "../../../../api/domain/rules/rule.ts";

const orders: Leaf = { on: "customer.orders_count", op: "greater_than", value: 2 };
const recent: Leaf = { ...orders, window_days: 30 };
const visits: Leaf = { on: "events.count", op: "multiple_of", value: 5, name: "visit" };
const other: Leaf = { on: "order.amount", op: "greater_than", value: 2 };

describe("historyQueries", () => {
  it("finds each question once, wherever it stands", () => {
    const rule: Rule = {
      all: [
        orders,
        other,
        { any: [recent, { ...orders, op: "less_than" }] },
        { none: [{ on: "items", which: "any", where: { all: [visits] } }] },
        { on: "items.quantity", where: { ...visits, name: "view" }, op: "greater_than", value: 2 },
      ],
    };
    expect(historyQueries([rule, recent])).toEqual([
      { on: "customer.orders_count", name: null, windowDays: null },
      { on: "customer.orders_count", name: null, windowDays: 30 },
      { on: "events.count", name: "visit", windowDays: null },
      { on: "events.count", name: "view", windowDays: null },
    ]);
  });

  it("takes one rule as well as many, and finds nothing where nothing asks", () => {
    expect(historyQueries(visits)).toHaveLength(1);
    expect(historyQueries(other)).toEqual([]);
    expect(historyQueries([])).toEqual([]);
  });
});

it("gives different questions different keys", () => {
  const queries: HistoryQuery[] = [
    { on: "customer.orders_count", name: null, windowDays: null },
    { on: "customer.orders_count", name: null, windowDays: 3 },
    { on: "customer.orders_count", name: null, windowDays: 30 },
    { on: "customer.orders_amount", name: null, windowDays: 30 },
    { on: "events.count", name: "visit", windowDays: null },
    { on: "events.count", name: "30|visit", windowDays: null },
    { on: "events.count", name: "visit", windowDays: 30 },
  ];
  expect(new Set(queries.map(historyKey)).size).toBe(queries.length);
});
