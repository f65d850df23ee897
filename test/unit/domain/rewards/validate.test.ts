import { expect, it } from "vitest";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import { checkReward } from "../../../../api/domain/rewards/validate.ts";

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
])("refuses %s", (_what, reward, pointer) => {
  expect(checkReward(reward)).toMatchObject([{ pointer }]);
});
