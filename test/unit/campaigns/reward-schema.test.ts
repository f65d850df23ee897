import { describe, expect, it } from "vitest";
import { parseStoredRewards, referrerRewardsSchema, rewardsSchema } from "../../../api/campaigns/reward-schema.ts";
import type { Reward } from "../../../api/domain/rewards/reward.ts";

const where = { on: "item.sku", op: "equals", value: "hat" } as const;
const when = { on: "order.amount", op: "greater_or_equal", value: 100 } as const;

/** Every field of every type. */
const whole: readonly Reward[] = [
  { type: "order_discount", percent_bp: 1_000, max_amount: 500, when },
  { type: "item_discount", which: "nth", n: 3, where, amount: 100, max_quantity: 2, max_amount: 150, when },
  { type: "shipping_discount", tiers: [{ from_amount: 0, fixed_amount: 0 }], max_amount: 500, when },
  {
    type: "buy_x_get_y",
    buy: { where, quantity: 2 },
    get: { where, quantity: 1, percent_bp: 5_000 },
    max_times: 3,
    max_amount: 900,
    when,
  },
  { type: "bundle", items: [{ where, quantity: 2 }], fixed_amount: 900, max_times: 2, max_amount: 300, when },
  { type: "free_item", item: { sku: "mug", product_id: "p1", name: "Mug", quantity: 2 }, when },
  { type: "points", points: 2, per_amount: 100, max_points: 50, expires_in_days: 365, when },
  { type: "voucher", campaign_id: "cam_1", when },
  { type: "pool_voucher", pool_id: "pol_1", when },
  { type: "gift_credit", amount: 500, campaign_id: "cam_2", when },
];

function faults(schema: typeof rewardsSchema | typeof referrerRewardsSchema, given: unknown): string[] {
  const issues = schema.safeParse(given).error?.issues ?? [];
  return issues.map((issue) => `/${issue.path.join("/")}: ${issue.message}`);
}

describe("the schema of rewards", () => {
  it("passes every field of every type through, and reads it back from storage", () => {
    expect(rewardsSchema.parse(whole)).toEqual(whole);
    expect(parseStoredRewards(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
  });

  it("lets a list be empty, and not longer than ten", () => {
    expect(rewardsSchema.parse([])).toEqual([]);
    expect(faults(rewardsSchema, [...whole, whole[0]])).toEqual(["/: Too big: expected array to have <=10 items"]);
  });

  it("knows no other field, in any type", () => {
    for (const reward of whole) {
      expect(faults(rewardsSchema, [{ ...reward, colour: "red" }])).toEqual(['/0: Unrecognized key: "colour"']);
    }
  });

  it.each<[string, unknown, string]>([
    ["an unknown type", { type: "hug" }, "/0/type: must be one of order_discount, item_discount,"],
    ["no type", {}, "/0/type: must be one of order_discount, item_discount,"],
    ["no object", 5, "/0: Invalid input: expected object, received number"],
    ["half a cent", { type: "order_discount", amount: 0.5 }, "/0/amount: Invalid input: expected int"],
    ["too much money", { type: "order_discount", amount: 1e12 + 1 }, "/0/amount: Too big"],
    ["a missing part", { type: "buy_x_get_y", buy: { quantity: 1 } }, "/0/get: Invalid input: expected object"],
    [
      "a missing rule",
      { type: "bundle", items: [{ quantity: 2 }], fixed_amount: 1 },
      "/0/items/0/where: must be a rule",
    ],
    ["an unknown path", { type: "points", points: 1, when: { ...when, on: "order.moon" } }, "/0/when/on: unknown path"],
    ["two values", { type: "order_discount", amount: 1, percent_bp: 1 }, "/0: needs exactly one of"],
    ["too many units", { type: "free_item", item: { sku: "mug", quantity: 1e6 + 1 } }, "/0/item/quantity: Too big"],
  ])("names the place and the fault of %s", (_what, reward, fault) => {
    const [first = ""] = faults(rewardsSchema, [reward]);
    expect(first.slice(0, fault.length)).toBe(fault);
  });
});

describe("the schema of what a referrer gets", () => {
  const gifts = whole.filter(({ type }) => ["points", "voucher", "pool_voucher", "gift_credit"].includes(type));

  it("takes what can be given without an order", () => {
    expect(gifts).toHaveLength(4);
    expect(referrerRewardsSchema.parse(gifts)).toEqual(gifts);
  });

  it("takes nothing else", () => {
    for (const [index, reward] of whole.slice(0, 6).entries()) {
      expect([index, faults(referrerRewardsSchema, [reward])]).toEqual([
        index,
        ["/0/type: must be one of points, voucher, pool_voucher, gift_credit"],
      ]);
    }
  });
});
