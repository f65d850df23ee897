import type { AppliedReward } from "../decision.ts";
import type { Points } from "./reward.ts";
import { tierFor } from "./value.ts";

/** No reward gives more points at once: an account stays far from 2^53. */
const pointsMax = 1_000_000_000_000;

/** Points rewards whose conditions hold, and the money they count on: of the lines that the campaign sees. */
export interface Earning {
  readonly rewards: readonly Points[];
  /** Before discounts; chooses the tier. */
  readonly orderAmount: number;
  /** What is left to pay, after the campaign's own discounts too. */
  readonly payable: number;
}

export function pointsOf({ rewards, orderAmount, payable }: Earning): AppliedReward[] {
  return rewards.flatMap((reward): AppliedReward[] => {
    const points = Math.min(uncapped(reward, orderAmount, payable), reward.max_points ?? pointsMax, pointsMax);
    const expiry = reward.expires_in_days === undefined ? {} : { expiresInDays: reward.expires_in_days };
    return points === 0 ? [] : [{ type: "points", discountAmount: 0, points, ...expiry }];
  });
}

function uncapped(reward: Points, orderAmount: number, payable: number): number {
  if (reward.tiers !== undefined) return tierFor(reward.tiers, orderAmount)?.points ?? 0;
  if (reward.per_amount === undefined) return reward.points ?? 0;
  return Math.floor(payable / reward.per_amount) * (reward.points ?? 1);
}
