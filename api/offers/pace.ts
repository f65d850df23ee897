/** What a unit of discount costs a campaign whose budget runs out. Pure. */
import type { CampaignFacts, MainCampaignFacts } from "../domain/facts.ts";

type Budgeted = Pick<MainCampaignFacts, "budgetAmount" | "budgetPolicy" | "usage" | "startsAt" | "endsAt">;

/** A budget that nobody said an end for is held together from here on. */
const openEndedShare = 0.8;
const priceMax = 20;

/**
 * The shadow price of a unit of discount, at least 1: 1 + max(0, u − t) / (1 − u), where u is the share of the budget
 * that is used and t the share of the campaign's time that is gone (0.8 where it has no end). On pace the discount costs
 * what it costs; a campaign that runs ahead of its time must be worth more the less is left, which is the multiplier
 * that adaptive pacing raises when spending outruns the plan (Balseiro & Gur, Management Science 2019), here in closed
 * form. Infinity: nothing is left for this discount.
 */
export function discountPrice(campaign: CampaignFacts, discountAmount: number, now: number): number {
  return Math.max(priceOf(campaign, discountAmount, now), priceOf(campaign.parent, discountAmount, now));
}

function priceOf(budget: Budgeted, discountAmount: number, now: number): number {
  if (budget.budgetAmount === null) return 1;
  const left = budget.budgetAmount - budget.usage.discountAmount;
  // One that trims gives what is left; the discount is decided by the engine.
  if (left <= 0 || (budget.budgetPolicy === "refuse" && left < discountAmount)) return Number.POSITIVE_INFINITY;
  const used = budget.usage.discountAmount / budget.budgetAmount;
  return Math.min(priceMax, 1 + Math.max(0, used - timeGone(budget, now)) / (1 - used));
}

function timeGone({ startsAt, endsAt }: Budgeted, now: number): number {
  if (startsAt === null || endsAt === null || endsAt <= startsAt) return openEndedShare;
  return Math.min(1, Math.max(0, (now - startsAt) / (endsAt - startsAt)));
}
