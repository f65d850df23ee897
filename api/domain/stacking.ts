/** Which codes go together on one order. */
import type { AppliedBefore, CampaignFacts, Stacking } from "./facts.ts";
import { makeReason, type Reason } from "./reason.ts";

/**
 * Exclusive campaigns combine with nothing; a campaign with a group combines with its own group only. The relation is
 * symmetric, so that of two codes that exclude each other neither wins by coming first.
 */
function combines(a: Stacking, b: Stacking): boolean {
  return a.exclusive !== true && b.exclusive !== true && a.group === b.group;
}

const notCombinable = "This code cannot be combined with the other codes of this order";

/** `others`: the campaigns of the request's other codes that could apply by themselves. */
export function combinationReasons(
  stacking: Stacking,
  others: readonly Stacking[],
  before: readonly AppliedBefore[],
): Reason[] {
  const conflict = [...others, ...before.map((applied) => applied.stacking)].some(
    (other) => !combines(stacking, other),
  );
  return conflict ? [makeReason("not_combinable", notCombinable)] : [];
}

/** `accepted`: how many codes of the campaign this request has taken already. */
export function stackLimitReasons(
  campaign: CampaignFacts,
  accepted: number,
  before: readonly AppliedBefore[],
): Reason[] {
  const max = campaign.stacking.maxPerOrder;
  const applied = accepted + before.filter((earlier) => earlier.campaignId === campaign.id).length;
  if (max === undefined || applied < max) return [];
  const message = `An order can use at most ${max} ${max === 1 ? "code" : "codes"} of this promotion`;
  return [makeReason("stack_limit_reached", message, { expected: max, actual: applied })];
}

/** The same voucher again, in this request or on this order before. */
export function repeatReason(): Reason {
  return makeReason("not_combinable", "This code is used on this order already");
}
