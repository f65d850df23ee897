import { describe, expect, it } from "vitest";
import type { Points, Reward } from "../../../../api/domain/rewards/reward.ts";
import { type Basket, give, lines, one } from "./give.ts";

function points(reward: Omit<Points, "type"> | readonly Reward[], basket: Basket): number[] {
  const rewards = Array.isArray(reward) ? reward : [{ type: "points", ...reward }];
  return give(rewards as Reward[], basket).rewards.flatMap((applied) => applied.points ?? []);
}

const tiers = [
  { from_amount: 1_000, points: 10 },
  { from_amount: 5_000, points: 100 },
];
const half: Reward = { type: "order_discount", percent_bp: 5_000 };
const each: Reward = { type: "points", per_amount: 100 };

describe("points", () => {
  it.each<[string, Omit<Points, "type">, Basket, number[]]>([
    ["fixed", { points: 50 }, { lines: one(1) }, [50]],
    ["fixed, for an order that costs nothing any more", { points: 50 }, { lines: one(100), left: [0] }, [50]],
    ["one for each full amount", { per_amount: 100 }, { lines: one(199, 200), shipping: 500 }, [3]],
    ["several for each full amount", { per_amount: 100, points: 5 }, { lines: one(399) }, [15]],
    ["none below the first full amount", { per_amount: 100 }, { lines: one(99) }, []],
    ["up to a cap", { per_amount: 1, max_points: 30 }, { lines: one(500) }, [30]],
    ["by tier", { tiers }, { lines: one(4_999) }, [10]],
    ["by the highest tier", { tiers }, { lines: one(5_000), left: [0] }, [100]],
    ["none below the tiers", { tiers }, { lines: one(999) }, []],
    ["on what earlier discounts have left", { per_amount: 100 }, { lines: one(1_000), left: [550] }, [5]],
    [
      "on lines that are not excluded",
      { per_amount: 100 },
      { lines: lines("1 hat 1000", "1 wrap 9000"), exclusions: { skus: ["wrap"] } },
      [10],
    ],
    [
      "bounded, whatever the money",
      { per_amount: 1, points: 1_000_000_000 },
      { lines: one(1_000_000_000_000) },
      [1_000_000_000_000],
    ],
  ])("are %s", (_what, reward, basket, expected) => {
    expect(points(reward, basket)).toEqual(expected);
  });

  it("count on what the campaign's own discounts leave, wherever they stand in the list", () => {
    expect(points([each, half], { lines: one(1_000) })).toEqual([5]);
    expect(points([half, each], { lines: one(1_000) })).toEqual([5]);
  });

  it("say when they expire", () => {
    const grant = give({ type: "points", points: 5, expires_in_days: 30 }, { lines: one(1) });
    expect(grant.rewards).toEqual([{ type: "points", discountAmount: 0, points: 5, expiresInDays: 30 }]);
  });

  it("need a customer who has an account", () => {
    const grant = give(each, { lines: one(1_000), context: { customer: null } });
    expect(grant.rewards).toEqual([]);
    expect(grant.reasons).toMatchObject([{ key: "customer_required", code: 1006 }]);
  });
});
