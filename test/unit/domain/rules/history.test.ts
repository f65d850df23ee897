import { describe, expect, it } from "vitest";
import type { HistoryQuery } from "../../../../api/domain/facts.ts";
import { historyKey, historyQueries, rulesInPlay } from "../../../../api/domain/rules/history.ts";
import type { Leaf, Rule } from "../../../../api/domain/rules/rule.ts";
import { campaign, mainCampaign, redeemable } from "../builders.ts";

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

it("collects the trees of voucher, campaign, main campaign and rewards", () => {
  const code = redeemable({
    voucher: { rules: orders },
    campaign: {
      rules: recent,
      parent: mainCampaign({ rules: visits }),
      rewards: [
        { type: "order_discount", amount: 1, when: other },
        { type: "item_discount", which: "all", amount: 1, where: { any: [other] } },
        { type: "order_discount", amount: 1 },
      ],
    },
  });
  const unknown = { code: "NOPE", voucher: null, campaign: null };
  expect(rulesInPlay([unknown, code])).toEqual([orders, recent, visits, other, { any: [other] }]);
});

it("collects the trees of automatic campaigns, of bundles, of what is bought and got, and of what referrers get", () => {
  const automatic = campaign({
    parent: mainCampaign({ rules: visits }),
    rewards: [
      { type: "buy_x_get_y", buy: { where: orders, quantity: 1 }, get: { where: recent, quantity: 1, percent_bp: 1 } },
      { type: "bundle", items: [{ where: other, quantity: 1 }], fixed_amount: 1 },
      { type: "free_item", item: { sku: "hat" } },
    ],
    referrerRewards: [{ type: "points", points: 5, when: visits }],
  });
  expect(rulesInPlay([], [automatic])).toEqual([visits, orders, recent, other, visits]);
});
