/** Rewards that are issued to a customer when the redemption stands: a new voucher, a code of a pool, gift-card credit. */
import type { AppliedReward } from "../decision.ts";
import { makeReason, type Reason } from "../reason.ts";
import type { GiftCredit, NewVoucher, PoolVoucher } from "./reward.ts";

export type IssuedReward = NewVoucher | PoolVoucher | GiftCredit;

export function issuedReward(reward: IssuedReward): AppliedReward {
  switch (reward.type) {
    case "voucher":
      return { type: reward.type, discountAmount: 0, campaignId: reward.campaign_id };
    case "pool_voucher":
      return { type: reward.type, discountAmount: 0, poolId: reward.pool_id };
    case "gift_credit": {
      const { amount, campaign_id: campaignId } = reward;
      return { type: reward.type, discountAmount: 0, amount, ...(campaignId === undefined ? {} : { campaignId }) };
    }
  }
}

export function customerRequired(): Reason {
  return makeReason("customer_required", "What this promotion gives needs a known customer");
}

export function poolEmpty(): Reason {
  return makeReason("no_effect", "The codes that this promotion gives away have run out");
}
