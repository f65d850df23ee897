import { describe, expect, it } from "vitest";
import type { OrderDiscount } from "../../../../api/domain/rewards/reward.ts";
import { type Basket, give, lines, one } from "./give.ts";

const tiers = [
  { from_amount: 1_000, percent_bp: 500 },
  { from_amount: 5_000, percent_bp: 1_000 },
  { from_amount: 10_000, amount: 2_000 },
];

describe("an order discount", () => {
  it.each<[string, Omit<OrderDiscount, "type">, Basket, number[]]>([
    ["10 % of three thirds", { percent_bp: 1_000 }, { lines: one(333, 333, 333) }, [34, 33, 33]],
    ["half a cent, rounded up", { percent_bp: 1_000 }, { lines: one(5) }, [1]],
    ["an amount", { amount: 100 }, { lines: one(300, 100) }, [75, 25]],
    ["an amount above the order", { amount: 1_000 }, { lines: one(300, 100) }, [300, 100]],
    ["a price for everything", { fixed_amount: 100 }, { lines: one(300, 100) }, [225, 75]],
    ["a price above the order", { fixed_amount: 500 }, { lines: one(300, 100) }, [0, 0]],
    ["a cap", { percent_bp: 5_000, max_amount: 10 }, { lines: one(300, 100) }, [8, 2]],
    ["a free line", { percent_bp: 5_000 }, { lines: one(0, 100) }, [0, 50]],
    ["no lines", { percent_bp: 5_000 }, { lines: [] }, []],
    ["what is left only", { percent_bp: 5_000 }, { lines: one(300, 100), left: [100, 0] }, [50, 0]],
    ["lines, not shipping", { amount: 1_000 }, { lines: one(300), shipping: 490 }, [300]],
    ["below the first tier", { tiers }, { lines: one(999) }, [0]],
    ["exactly the first tier", { tiers }, { lines: one(1_000) }, [50]],
    ["between two tiers", { tiers }, { lines: one(4_000, 999) }, [200, 50]],
    ["the second tier", { tiers }, { lines: one(4_000, 1_000) }, [400, 100]],
    ["the last tier", { tiers }, { lines: one(30_000) }, [2_000]],
    ["the last tier, capped", { tiers, max_amount: 700 }, { lines: one(30_000) }, [700]],
    // The tier is chosen by 10,000 before discounts; what is left bears it.
    ["a tier of an order that is discounted already", { tiers }, { lines: one(10_000), left: [1_500] }, [1_500]],
    // The gift wrap of 9,000 neither counts for the tier nor bears a part.
    [
      "lines that are not excluded",
      { tiers },
      { lines: lines("1 hat 1000 hats", "1 wrap 9000 extras"), exclusions: { categories: ["extras"] } },
      [50, 0],
    ],
  ])("of %s", (_what, value, basket, expected) => {
    const grant = give({ type: "order_discount", ...value }, basket);
    expect(grant.itemsDiscount).toEqual(expected);
    expect(grant.shippingDiscount).toBe(0);
  });
});
