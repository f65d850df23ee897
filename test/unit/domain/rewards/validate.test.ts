import { expect, it } from "vitest";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import { checkReward } from "../../../../api/domain/rewards/validate.ts";

const hat = { on: "item.sku", op: "equals", value: "hat" } as const;
const items = { on: "items", which: "any", where: hat } as const;
const one = { quantity: 1 };
const got = { quantity: 1, percent_bp: 100 };

it.each<[string, Reward]>([
  ["a percent", { type: "order_discount", percent_bp: 1 }],
  ["everything off", { type: "order_discount", percent_bp: 10_000, max_amount: 1 }],
  ["an amount", { type: "order_discount", amount: 500 }],
  ["a gift", { type: "item_discount", which: "cheapest", fixed_amount: 0 }],
  ["every third", { type: "item_discount", which: "nth", n: 3, percent_bp: 5_000, max_quantity: 2 }],
  [
    "conditions",
    {
      type: "item_discount",
      which: "all",
      amount: 100,
      when: { on: "order.amount", op: "greater_than", value: 1 },
      where: { on: "item.sku", op: "equals", value: "hat" },
    },
  ],
  [
    "tiers",
    {
      type: "order_discount",
      tiers: [
        { from_amount: 0, amount: 1 },
        { from_amount: 1, fixed_amount: 0 },
      ],
    },
  ],
  ["free shipping", { type: "shipping_discount", percent_bp: 10_000 }],
  ["buy x get y of anything", { type: "buy_x_get_y", buy: { quantity: 1 }, get: { quantity: 1, percent_bp: 1 } }],
  ["a bundle of one component", { type: "bundle", items: [{ where: hat, quantity: 2 }], fixed_amount: 0 }],
  ["a free item", { type: "free_item", item: { sku: "mug" } }],
  ["fixed points", { type: "points", points: 1 }],
  ["points by money", { type: "points", per_amount: 1, max_points: 5, expires_in_days: 1 }],
  ["points by tier", { type: "points", tiers: [{ from_amount: 0, points: 1 }] }],
  ["a voucher", { type: "voucher", campaign_id: "cam_1" }],
  [
    "a pool voucher",
    { type: "pool_voucher", pool_id: "pol_1", when: { on: "customer.is_new", op: "equals", value: true } },
  ],
  ["credit", { type: "gift_credit", amount: 1 }],
])("accepts %s", (_what, reward) => {
  expect(checkReward(reward)).toEqual([]);
});

it.each<[string, Reward, string]>([
  ["no value", { type: "order_discount" }, ""],
  ["two values", { type: "order_discount", percent_bp: 100, amount: 100 }, ""],
  ["no percent", { type: "order_discount", percent_bp: 0 }, "/percent_bp"],
  ["more than everything", { type: "order_discount", percent_bp: 10_001 }, "/percent_bp"],
  ["half a basis point", { type: "order_discount", percent_bp: 0.5 }, "/percent_bp"],
  ["nothing off", { type: "order_discount", amount: 0 }, "/amount"],
  ["a negative price", { type: "order_discount", fixed_amount: -1 }, "/fixed_amount"],
  ["a cap of nothing", { type: "order_discount", amount: 1, max_amount: 0 }, "/max_amount"],
  ["no units", { type: "item_discount", which: "all", amount: 1, max_quantity: 0 }, "/max_quantity"],
  ["nth without n", { type: "item_discount", which: "nth", amount: 1 }, "/n"],
  ["every zeroth", { type: "item_discount", which: "nth", n: 0, amount: 1 }, "/n"],
  ["n without nth", { type: "item_discount", which: "all", n: 2, amount: 1 }, "/n"],
  [
    "an item path in when",
    { type: "order_discount", amount: 1, when: { on: "item.sku", op: "equals", value: "a" } },
    "/when/on",
  ],
  [
    "an unknown path in where",
    {
      type: "item_discount",
      which: "all",
      amount: 1,
      where: { any: [{ on: "item.colour", op: "equals", value: "a" }] },
    },
    "/where/any/0/on",
  ],
  ["a value and tiers", { type: "order_discount", amount: 1, tiers: [{ from_amount: 0, amount: 1 }] }, "/tiers"],
  ["no tiers", { type: "shipping_discount", tiers: [] }, "/tiers"],
  [
    "too many tiers",
    { type: "order_discount", tiers: Array.from({ length: 21 }, (_, from_amount) => ({ from_amount, amount: 1 })) },
    "/tiers",
  ],
  [
    "two tiers from one amount",
    {
      type: "order_discount",
      tiers: [
        { from_amount: 5, amount: 1 },
        { from_amount: 5, amount: 2 },
      ],
    },
    "/tiers/1/from_amount",
  ],
  [
    "descending tiers",
    {
      type: "points",
      tiers: [
        { from_amount: 5, points: 1 },
        { from_amount: 4, points: 2 },
      ],
    },
    "/tiers/1/from_amount",
  ],
  ["a tier below nothing", { type: "order_discount", tiers: [{ from_amount: -1, amount: 1 }] }, "/tiers/0/from_amount"],
  ["a tier of nothing", { type: "order_discount", tiers: [{ from_amount: 1 }] }, "/tiers/0"],
  [
    "a tier of too much",
    { type: "order_discount", tiers: [{ from_amount: 1, percent_bp: 10_001 }] },
    "/tiers/0/percent_bp",
  ],
  ["buying nothing", { type: "buy_x_get_y", buy: { quantity: 0 }, get: got }, "/buy/quantity"],
  ["getting nothing", { type: "buy_x_get_y", buy: one, get: { ...got, quantity: 0 } }, "/get/quantity"],
  ["nothing off", { type: "buy_x_get_y", buy: one, get: { ...got, percent_bp: 0 } }, "/get/percent_bp"],
  [
    "an order path of what is bought",
    { type: "buy_x_get_y", buy: { ...one, where: items }, get: got },
    "/buy/where/on",
  ],
  ["an order path of what is got", { type: "buy_x_get_y", buy: one, get: { ...got, where: items } }, "/get/where/on"],
  ["no times", { type: "buy_x_get_y", buy: one, get: got, max_times: 0 }, "/max_times"],
  ["an empty bundle", { type: "bundle", items: [], fixed_amount: 1 }, "/items"],
  ["a bundle of one unit", { type: "bundle", items: [{ where: hat, quantity: 1 }], fixed_amount: 1 }, "/items"],
  [
    "a bundle of too much",
    { type: "bundle", items: Array.from({ length: 9 }, () => ({ where: hat, quantity: 1 })), fixed_amount: 1 },
    "/items",
  ],
  [
    "a component of nothing",
    {
      type: "bundle",
      items: [
        { where: hat, quantity: 1 },
        { where: hat, quantity: 0 },
      ],
      fixed_amount: 1,
    },
    "/items/1/quantity",
  ],
  [
    "a component that no item can be",
    {
      type: "bundle",
      items: [
        { where: hat, quantity: 1 },
        { where: items, quantity: 1 },
      ],
      fixed_amount: 1,
    },
    "/items/1/where/on",
  ],
  [
    "a bundle below nothing",
    { type: "bundle", items: [{ where: hat, quantity: 2 }], fixed_amount: -1 },
    "/fixed_amount",
  ],
  ["no free item", { type: "free_item", item: { sku: "mug", quantity: 0 } }, "/item/quantity"],
  ["points of nothing", { type: "points" }, ""],
  ["points and tiers", { type: "points", points: 1, tiers: [{ from_amount: 0, points: 1 }] }, "/tiers"],
  ["no points", { type: "points", points: 0 }, "/points"],
  ["a tier of no points", { type: "points", tiers: [{ from_amount: 0, points: 0 }] }, "/tiers/0/points"],
  ["points for nothing", { type: "points", per_amount: 0 }, "/per_amount"],
  ["points that expire at once", { type: "points", points: 1, expires_in_days: 0 }, "/expires_in_days"],
  ["no credit", { type: "gift_credit", amount: 0 }, "/amount"],
  ["an item path in when of a gift", { type: "voucher", campaign_id: "cam_1", when: hat }, "/when/on"],
])("refuses %s", (_what, reward, pointer) => {
  expect(checkReward(reward)).toMatchObject([{ pointer }]);
});
