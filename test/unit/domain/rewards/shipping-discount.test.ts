import { expect, it } from "vitest";
import type { ShippingDiscount } from "../../../../api/domain/rewards/reward.ts";
import { type Basket, give, one } from "./give.ts";

const order: Basket = { lines: one(5_000), shipping: 495 };

it.each<[string, Omit<ShippingDiscount, "type">, Basket, number]>([
  ["all of it", { percent_bp: 10_000 }, order, 495],
  ["half, rounded up", { percent_bp: 5_000 }, order, 248],
  ["an amount", { amount: 200 }, order, 200],
  ["an amount above what it costs", { amount: 2_000 }, order, 495],
  ["a price", { fixed_amount: 100 }, order, 395],
  ["a price above what it costs", { fixed_amount: 500 }, order, 0],
  ["at most a cap", { percent_bp: 10_000, max_amount: 300 }, order, 300],
  ["what is left of it", { percent_bp: 10_000 }, { ...order, shippingLeft: 95 }, 95],
  ["nothing of free shipping", { percent_bp: 10_000 }, { lines: one(5_000) }, 0],
  ["nothing below the tier", { tiers: [{ from_amount: 5_001, percent_bp: 10_000 }] }, order, 0],
  ["the tier that the lines reach", { tiers: [{ from_amount: 5_000, fixed_amount: 0 }] }, order, 495],
  // Shipping has no product that could be excluded.
  [
    "all of it where every product is excluded",
    { percent_bp: 10_000 },
    { ...order, exclusions: { skus: ["sku-1"] } },
    495,
  ],
])("a shipping discount takes off %s", (_what, value, basket, expected) => {
  const grant = give({ type: "shipping_discount", ...value }, basket);
  expect(grant.shippingDiscount).toBe(expected);
  expect(grant.itemsDiscount).toEqual([0]);
  expect(grant.rewards).toEqual(expected === 0 ? [] : [{ type: "shipping_discount", discountAmount: expected }]);
});

it("several share what shipping costs", () => {
  const half = { type: "shipping_discount", percent_bp: 5_000 } as const;
  const grant = give([half, half], order);
  expect(grant.rewards.map((reward) => reward.discountAmount)).toEqual([248, 124]);
  expect(grant.shippingDiscount).toBe(372);
});
