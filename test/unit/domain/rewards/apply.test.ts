import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyReward } from "../../../../api/domain/rewards/apply.ts";
import type { ItemDiscount, OrderDiscount, Reward } from "../../../../api/domain/rewards/reward.ts";
import { item, order } from "../builders.ts";
import { context } from "../rules/context.ts";

interface Line {
  readonly unitAmount: number;
  readonly quantity: number;
  readonly sku?: string;
}

/** The discount per line on an order of these lines, of which so much is left (all of it unless said). */
function apply(reward: Reward, lines: readonly Line[], left?: readonly number[]): number[] {
  const full = lines.map((line) => line.unitAmount * line.quantity);
  return applyReward(reward, left ?? full, context({ order: order({ items: lines.map((line) => item(line)) }) }));
}

const one = (...unitAmounts: number[]): Line[] => unitAmounts.map((unitAmount) => ({ unitAmount, quantity: 1 }));

describe("an order discount", () => {
  it.each<[string, Omit<OrderDiscount, "type">, Line[], number[]]>([
    ["10 % of three thirds", { percent_bp: 1_000 }, one(333, 333, 333), [34, 33, 33]],
    ["half a cent, rounded up", { percent_bp: 1_000 }, one(5), [1]],
    ["an amount", { amount: 100 }, one(300, 100), [75, 25]],
    ["an amount above the order", { amount: 1_000 }, one(300, 100), [300, 100]],
    ["a price for everything", { fixed_amount: 100 }, one(300, 100), [225, 75]],
    ["a price above the order", { fixed_amount: 500 }, one(300, 100), [0, 0]],
    ["a cap", { percent_bp: 5_000, max_amount: 10 }, one(300, 100), [8, 2]],
    ["a free line", { percent_bp: 5_000 }, one(0, 100), [0, 50]],
    ["no lines", { percent_bp: 5_000 }, [], []],
  ])("of %s", (_what, value, lines, expected) => {
    expect(apply({ type: "order_discount", ...value }, lines)).toEqual(expected);
  });

  it("takes percents of what is left only", () => {
    expect(apply({ type: "order_discount", percent_bp: 5_000 }, one(300, 100), [100, 0])).toEqual([50, 0]);
  });
});

describe("an item discount", () => {
  const shop: Line[] = [
    { sku: "hat", unitAmount: 2_000, quantity: 2 },
    { sku: "sock", unitAmount: 500, quantity: 3 },
    { sku: "coat", unitAmount: 9_000, quantity: 1 },
    { sku: "scarf", unitAmount: 500, quantity: 1 },
  ];
  const notCoat = { on: "item.sku", op: "not_equals", value: "coat" } as const;

  it.each<[string, Omit<ItemDiscount, "type">, number[]]>([
    ["all, by percent", { which: "all", percent_bp: 1_000 }, [400, 150, 900, 50]],
    ["all that match", { which: "all", percent_bp: 1_000, where: notCoat }, [400, 150, 0, 50]],
    ["all, an amount off each unit", { which: "all", amount: 600 }, [1_200, 1_500, 600, 500]],
    ["all, a price for each unit", { which: "all", fixed_amount: 400 }, [3_200, 300, 8_600, 100]],
    [
      "at most two units, from the dearest down",
      { which: "all", percent_bp: 1_000, max_quantity: 2 },
      [200, 0, 900, 0],
    ],
    ["the cheapest: one unit of the first line", { which: "cheapest", percent_bp: 10_000 }, [0, 500, 0, 0]],
    ["two units of the cheapest line", { which: "cheapest", percent_bp: 10_000, max_quantity: 2 }, [0, 1_000, 0, 0]],
    [
      "not more units than the cheapest line has",
      { which: "cheapest", percent_bp: 10_000, max_quantity: 9 },
      [0, 1_500, 0, 0],
    ],
    ["the dearest", { which: "most_expensive", percent_bp: 5_000 }, [0, 0, 4_500, 0]],
    ["the dearest that matches", { which: "most_expensive", fixed_amount: 0, where: notCoat }, [2_000, 0, 0, 0]],
    // From the dearest down: coat, hat, hat, sock, sock, sock, scarf.
    ["every second", { which: "nth", n: 2, percent_bp: 10_000 }, [2_000, 1_000, 0, 0]],
    ["every third", { which: "nth", n: 3, percent_bp: 10_000 }, [2_000, 500, 0, 0]],
    ["every third, once", { which: "nth", n: 3, percent_bp: 10_000, max_quantity: 1 }, [2_000, 0, 0, 0]],
    ["every seventh", { which: "nth", n: 7, percent_bp: 10_000 }, [0, 0, 0, 500]],
    ["every eighth of seven", { which: "nth", n: 8, percent_bp: 10_000 }, [0, 0, 0, 0]],
    ["a cap over all lines", { which: "all", amount: 100, max_amount: 70 }, [20, 30, 10, 10]],
    [
      "nothing that matches",
      { which: "all", amount: 100, where: { on: "item.sku", op: "equals", value: "tie" } },
      [0, 0, 0, 0],
    ],
  ])("on %s", (_what, value, expected) => {
    expect(apply({ type: "item_discount", ...value }, shop)).toEqual(expected);
  });

  it("on some units of a line sees their part of what is left", () => {
    const reward: Reward = { type: "item_discount", which: "cheapest", percent_bp: 10_000 };
    expect(apply(reward, [{ unitAmount: 1_000, quantity: 4 }], [2_000])).toEqual([500]);
  });

  it("rounds once over all lines, not once a line", () => {
    const reward: Reward = { type: "item_discount", which: "all", percent_bp: 1_000 };
    expect(apply(reward, one(5, 5, 5, 5))).toEqual([1, 1, 0, 0]);
  });

  it("counts every n-th among a million units without counting them one by one", () => {
    const reward: Reward = { type: "item_discount", which: "nth", n: 1_000, amount: 1 };
    expect(apply(reward, [{ unitAmount: 10, quantity: 1_000_000 }])).toEqual([1_000]);
  });
});

const amount = fc.integer({ min: 1, max: 100_000 });
const value = fc.oneof(
  fc.record({ percent_bp: fc.integer({ min: 1, max: 10_000 }) }),
  fc.record({ amount }),
  fc.record({ fixed_amount: fc.integer({ min: 0, max: 100_000 }) }),
);
const cap = fc.oneof(fc.constant({}), fc.record({ max_amount: amount }));
const rewardOf: fc.Arbitrary<Reward> = fc.oneof(
  fc.tuple(value, cap).map(([v, c]): Reward => ({ type: "order_discount", ...v, ...c })),
  fc
    .tuple(value, cap, fc.constantFrom("all", "cheapest", "most_expensive", "nth"), fc.integer({ min: 1, max: 4 }))
    .map(([v, c, which, n]): Reward => ({ type: "item_discount", which, n, ...v, ...c })),
);
const line = fc.record({ unitAmount: fc.integer({ min: 0, max: 50_000 }), quantity: fc.integer({ min: 1, max: 9 }) });
const basket = fc
  .array(fc.tuple(line, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 8 })
  .map((entries) => ({
    lines: entries.map(([made]) => made),
    left: entries.map(([made, part]) => Math.floor(made.unitAmount * made.quantity * part)),
  }));

describe("any reward", () => {
  it("takes whole, non-negative amounts, never more than is left of a line", () => {
    fc.assert(
      fc.property(rewardOf, basket, (reward, { lines, left }) => {
        for (const [index, share] of apply(reward, lines, left).entries()) {
          expect(Number.isSafeInteger(share)).toBe(true);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(left[index] ?? 0);
        }
      }),
    );
  });

  it("stays within its cap", () => {
    fc.assert(
      fc.property(rewardOf, basket, (reward, { lines, left }) => {
        const total = apply(reward, lines, left).reduce((a, b) => a + b, 0);
        expect(total).toBeLessThanOrEqual(reward.max_amount ?? Number.MAX_SAFE_INTEGER);
      }),
    );
  });
});
