/**
 * What the data does not say and the replay therefore makes up. Everything here is deterministic, and everything made
 * from it is labelled `assumed` in metadata. `docs/data-complete-journey.md` states the same rules for readers.
 */
import { createHash } from "node:crypto";
import type { ItemDiscount, OrderDiscount } from "../../api/domain/rewards/reward.ts";
import type { Row } from "./source.ts";

type CampaignType = Row<"campaign_descriptions">["campaign_type"];

/** A number in [0, n) that depends on the text alone. */
export function pick(text: string, n: number): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) % n;
}

/** The item attribute that marks a line as covered by any coupon of the campaign. */
export function campaignMark(campaignId: string): string {
  return `campaign_${campaignId}`;
}

/** The item attribute that marks a line as covered by this coupon of this campaign: coverage differs by campaign. */
export function couponMark(campaignId: string, couponUpc: string): string {
  return `coupon_${campaignId}_${couponUpc}`;
}

/**
 * The value of a campaign's coupons, which is not recorded:
 * type A takes 10, 15, 20 or 25 % off the dearest covered unit, type B 50 to 125 cents off the basket,
 * type C 10 to 25 % off all covered units, at most 5 dollars.
 */
export function assumedReward(type: CampaignType, campaignId: string): OrderDiscount | ItemDiscount {
  const step = pick(`value/${campaignId}`, 4);
  const covered = { on: `item.attributes.${campaignMark(campaignId)}`, op: "equals", value: true } as const;
  const percent = 1000 + 500 * step;
  switch (type) {
    case "Type A":
      return { type: "item_discount", which: "most_expensive", where: covered, percent_bp: percent };
    case "Type B":
      return { type: "order_discount", amount: 50 + 25 * step };
    case "Type C":
      return { type: "item_discount", which: "all", where: covered, percent_bp: percent, max_amount: 500 };
  }
}

/** The value in words, for names and reports. */
export function describeReward(reward: OrderDiscount | ItemDiscount): string {
  if ("amount" in reward && reward.amount !== undefined) return `$${(reward.amount / 100).toFixed(2)} off the basket`;
  const percent = `${(("percent_bp" in reward && reward.percent_bp) || 0) / 100} % off`;
  return reward.type === "item_discount" && reward.which === "all" ? `${percent} covered items` : `${percent} one item`;
}

/** Which of the campaign's coupons stands for all those that the household was sent. `coupons` must be sorted. */
export function standInCoupon(householdId: string, campaignId: string, coupons: readonly string[]): string | undefined {
  return coupons[pick(`publication/${campaignId}/${householdId}`, Math.max(coupons.length, 1))];
}

/** When a redemption happened whose basket is not in the sample: only the day is recorded. */
export function assumedInstant(day: string): string {
  return `${day}T12:00:00Z`;
}

/** Timestamps are local to an unnamed time zone; they are taken as UTC. */
export function asUtc(timestamp: string): string {
  return `${timestamp}Z`;
}
