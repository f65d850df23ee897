/** Which codes go together on one order. */
import type { AppliedBefore, CampaignFacts, Stacking } from "./facts.ts";
import { makeReason, type Reason } from "./reason.ts";

/** At most so many codes and automatic campaigns on one order. */
const redeemablesMax = 30;

/** How a code, an automatic campaign or an earlier redemption stands to others. */
export interface Stackable {
  readonly stacking: Stacking;
  readonly isGiftCard: boolean;
}

/**
 * Exclusive campaigns combine with nothing; a campaign with a group combines with its own group only. The relation is
 * symmetric, so that of two codes that exclude each other neither wins by coming first. A gift card is a way to pay:
 * it goes with every promotion unless its own campaign says otherwise.
 */
export function combines(a: Stackable, b: Stackable): boolean {
  if (a.isGiftCard !== b.isGiftCard) return acceptsPromotions(a.isGiftCard ? a.stacking : b.stacking, a, b);
  return a.stacking.exclusive !== true && b.stacking.exclusive !== true && a.stacking.group === b.stacking.group;
}

function acceptsPromotions(card: Stacking, a: Stackable, b: Stackable): boolean {
  if (card.exclusive === true) return false;
  return card.group === undefined || a.stacking.group === b.stacking.group;
}

export function combinesWithBefore(own: Stackable, before: readonly AppliedBefore[]): boolean {
  return before.every((earlier) => combines(own, earlier));
}

/** `others`: the request's other codes that could apply by themselves. */
export function combinationReasons(
  own: Stackable,
  others: readonly Stackable[],
  before: readonly AppliedBefore[],
): Reason[] {
  if (others.every((other) => combines(own, other)) && combinesWithBefore(own, before)) return [];
  return [makeReason("not_combinable", "This code cannot be combined with the other codes of this order")];
}

/** `taken`: how many codes and campaigns the order has, with those for which room is kept. */
export function orderLimitReasons(taken: number): Reason[] {
  if (taken < redeemablesMax) return [];
  const message = `An order can use at most ${redeemablesMax} codes and promotions`;
  return [makeReason("stack_limit_reached", message, { expected: redeemablesMax, actual: taken })];
}

/** `accepted`: the campaigns of what this request has taken already, one entry a code. */
export function campaignLimitReasons(
  campaign: CampaignFacts,
  accepted: readonly CampaignFacts[],
  before: readonly AppliedBefore[],
): Reason[] {
  const max = campaign.stacking.maxPerOrder;
  if (max === undefined) return [];
  const applied =
    accepted.filter((taken) => taken.id === campaign.id).length +
    before.filter((earlier) => earlier.campaignId === campaign.id).length;
  if (applied < max) return [];
  const message = `An order can use at most ${max} ${max === 1 ? "code" : "codes"} of this promotion`;
  return [makeReason("stack_limit_reached", message, { expected: max, actual: applied })];
}

/** The same voucher again, in this request or on this order before. */
export function repeatReason(): Reason {
  return makeReason("not_combinable", "This code is used on this order already");
}
