import { describe, expect, it } from "vitest";
import type { AppliedReward } from "../../../../api/domain/decision.ts";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import { give, one } from "./give.ts";

const voucher: Reward = { type: "voucher", campaign_id: "cam_next" };
const pool: Reward = { type: "pool_voucher", pool_id: "pol_books" };
const credit: Reward = { type: "gift_credit", amount: 500, campaign_id: "cam_cards" };
const pools = { pol_books: 2 };

describe("what is issued to a customer", () => {
  it.each<[string, Reward, AppliedReward]>([
    ["a new voucher", voucher, { type: "voucher", discountAmount: 0, campaignId: "cam_next" }],
    ["a code of a pool", pool, { type: "pool_voucher", discountAmount: 0, poolId: "pol_books" }],
    ["credit", credit, { type: "gift_credit", discountAmount: 0, amount: 500, campaignId: "cam_cards" }],
  ])("%s takes nothing off and is an effect", (_what, reward, applied) => {
    const grant = give(reward, { lines: one(1_000), pools });
    expect(grant).toMatchObject({ discountAmount: 0, itemsDiscount: [0], rewards: [applied], reasons: [] });
  });

  it.each([
    ["a new voucher", voucher],
    ["a code of a pool", pool],
    ["credit", credit],
  ])("%s is nothing for a guest", (_what, reward) => {
    const guest = { lines: one(1_000), pools, context: { customer: null } };
    expect(give(reward, guest).reasons).toMatchObject([{ key: "customer_required", code: 1006 }]);
    const besides = give([reward, { type: "order_discount", amount: 100 }], guest);
    expect(besides).toMatchObject({ discountAmount: 100, rewards: [{ type: "order_discount" }], reasons: [] });
  });

  it("credit of a campaign that is not named names none", () => {
    const grant = give({ type: "gift_credit", amount: 500 }, { lines: one(1_000) });
    expect(grant.rewards).toEqual([{ type: "gift_credit", discountAmount: 0, amount: 500 }]);
  });

  it("never promises more codes than the pool has", () => {
    const grant = give([pool, pool, pool], { lines: one(1_000), pools });
    expect(grant.rewards).toHaveLength(2);
    expect(grant.reasons).toEqual([]);
  });

  it.each([
    ["empty", { pol_books: 0 }],
    ["not known", {}],
  ])("says so when the pool is %s and there is nothing else", (_what, pools) => {
    const grant = give(pool, { lines: one(1_000), pools });
    expect(grant.rewards).toEqual([]);
    expect(grant.reasons).toEqual([
      { key: "no_effect", message: "The codes that this promotion gives away have run out" },
    ]);
  });
});
