import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutTo } from "../../../../api/domain/cut.ts";
import { type Grant, payByGiftCard } from "../../../../api/domain/grant.ts";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import { voucher } from "../builders.ts";
import { type AnyBasket, anyReward, basketOf, discount, minor, pools } from "./arbitrary-rewards.ts";
import { give } from "./give.ts";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** What holds for anything that takes money off an order. */
function expectSound(grant: Grant, basket: AnyBasket): void {
  expect(sum(grant.itemsDiscount) + grant.shippingDiscount).toBe(grant.discountAmount);
  expect(sum(grant.rewards.map((reward) => reward.discountAmount))).toBe(grant.discountAmount);
  expect(grant.itemsDiscount).toHaveLength(basket.lines.length);
  for (const [line, share] of grant.itemsDiscount.entries()) {
    if (!(Number.isSafeInteger(share) && share >= 0 && share <= (basket.left[line] ?? 0))) {
      expect.fail(`line ${line}: ${share} off ${basket.left[line]}`);
    }
  }
  expect(Number.isSafeInteger(grant.shippingDiscount) && grant.shippingDiscount >= 0).toBe(true);
  expect(grant.shippingDiscount).toBeLessThanOrEqual(basket.shippingLeft);
  expect(grant.reasons.length > 0).toBe(grant.rewards.length === 0);
}

const some = fc.array(anyReward, { minLength: 1, maxLength: 4 });

describe("whatever the rewards and the basket", () => {
  it("shares add up to the discount, and none is above what is left", () => {
    fc.assert(
      fc.property(some, basketOf(8), (rewards, basket) => expectSound(give(rewards, { ...basket, pools }), basket)),
      { numRuns: 1_000 },
    );
  });

  it("so on 500 lines", () => {
    fc.assert(
      fc.property(some, basketOf(500), (rewards, basket) => expectSound(give(rewards, { ...basket, pools }), basket)),
      { numRuns: 60 },
    );
  });

  it("so without the products that are excluded, which stay as they are", () => {
    const excluded = fc.constantFrom("shoes", "hats", "sale");
    fc.assert(
      fc.property(some, basketOf(8), excluded, (rewards, basket, category) => {
        const grant = give(rewards, { ...basket, pools, exclusions: { categories: [category] } });
        expectSound(grant, basket);
        for (const [line, share] of grant.itemsDiscount.entries()) {
          if (basket.lines[line]?.categories?.includes(category)) expect(share).toBe(0);
        }
      }),
    );
  });

  it("a cut is exactly as deep as it should be, and stays sound", () => {
    fc.assert(
      fc.property(some, basketOf(8), minor(0), (rewards, basket, max) => {
        const grant = give(rewards, { ...basket, pools });
        const cut = cutTo(grant, max);
        expect(cut.discountAmount).toBe(Math.min(max, grant.discountAmount));
        if (cut.rewards.length > 0) expectSound(cut, basket);
        for (const [line, share] of cut.itemsDiscount.entries()) {
          expect(share).toBeLessThanOrEqual(grant.itemsDiscount[line] ?? 0);
        }
      }),
    );
  });

  it("one discount stays within its cap", () => {
    fc.assert(
      fc.property(discount, basketOf(8), (reward, basket) => {
        const max = "max_amount" in reward ? (reward.max_amount ?? Infinity) : Infinity;
        expect(give(reward, basket).discountAmount).toBeLessThanOrEqual(max);
      }),
    );
  });

  it("a gift card pays all it can, never more than is left anywhere", () => {
    fc.assert(
      fc.property(basketOf(8), minor(0), (basket, balanceAmount) => {
        const left = { lines: basket.left, shipping: basket.shippingLeft };
        const grant = payByGiftCard(voucher({ kind: "gift_card", balanceAmount }), left);
        expectSound(grant, basket);
        expect(grant.discountAmount).toBe(Math.min(balanceAmount, sum(basket.left) + basket.shippingLeft));
      }),
    );
  });
});

describe("adding to the order", () => {
  const free: Reward = { type: "buy_x_get_y", buy: { quantity: 2 }, get: { quantity: 3, percent_bp: 10_000 } };
  const bundle: Reward = {
    type: "bundle",
    items: [
      { where: { on: "item.categories", op: "any_of", value: ["shoes"] }, quantity: 1 },
      { where: { on: "item.categories", op: "any_of", value: ["hats", "sale"] }, quantity: 2 },
    ],
    fixed_amount: 500,
  };

  it.each([
    ["units to get free", free],
    ["units to a bundle", bundle],
  ])("%s never takes discount away", (_what, reward) => {
    fc.assert(
      fc.property(basketOf(6), fc.nat({ max: 5 }), ({ lines }, index) => {
        const more = lines.map((line, at) => (at === index ? { ...line, quantity: (line.quantity ?? 1) + 1 } : line));
        const before = give(reward, { lines }).discountAmount;
        // A cheaper unit may take the place of a dearer one that was free; the number of free units never falls.
        if (reward.type === "bundle")
          expect(give(reward, { lines: more }).discountAmount).toBeGreaterThanOrEqual(before);
        else expect(freeUnits(reward, more)).toBeGreaterThanOrEqual(freeUnits(reward, lines));
      }),
    );
  });

  /** At one cent a unit, the discount counts them. */
  function freeUnits(reward: Reward, lines: AnyBasket["lines"]): number {
    return give(reward, { lines: lines.map((line) => ({ ...line, unitAmount: 1 })) }).discountAmount;
  }
});
