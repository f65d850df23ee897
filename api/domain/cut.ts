/** Reducing what a grant takes off: to the caps of an order, and to what the budgets have left. */
import type { Counter } from "./counters.ts";
import type { AppliedReward } from "./decision.ts";
import type { CampaignFacts, VoucherFacts } from "./facts.ts";
import type { Grant } from "./grant.ts";
import { formatMoney, splitByLargestRemainder, sum } from "./money.ts";
import { makeReason, type ReasonKey } from "./reason.ts";
import { pointsOf } from "./rewards/points.ts";
import type { Tally } from "./tally.ts";

/**
 * The same grant, taking off at most `max`: lines, shipping and rewards bear the cut in proportion. Rewards that are
 * nothing but money off disappear when nothing of them is left. Points by money spent grow, since more is to be paid.
 */
export function cutTo(grant: Grant, max: number): Grant {
  if (grant.discountAmount <= max) return grant;
  const { earning } = grant;
  const ofRewards = splitByLargestRemainder(
    max,
    grant.rewards.map((reward) => reward.discountAmount),
  );
  const shares = splitByLargestRemainder(max, [...grant.itemsDiscount, grant.shippingDiscount]);
  const itemsDiscount = shares.slice(0, -1);
  const returned = sum(grant.itemsDiscount) - sum(itemsDiscount);
  const reearning = earning === null ? null : { ...earning, payable: earning.payable + returned };
  const cut = grant.rewards
    .map((reward, index) => ({ ...reward, discountAmount: ofRewards[index] ?? 0 }))
    .filter((reward) => reward.type !== "points" && (reward.discountAmount > 0 || isGift(reward)));
  return {
    ...grant,
    discountAmount: max,
    rewards: reearning === null ? cut : [...cut, ...pointsOf(reearning)],
    itemsDiscount,
    shippingDiscount: shares.at(-1) ?? 0,
    earning: reearning,
  };
}

/** Whether it gives something besides money off this order. */
function isGift(reward: AppliedReward): boolean {
  const issued = reward.type === "voucher" || reward.type === "pool_voucher" || reward.type === "gift_credit";
  return issued || reward.type === "points" || (reward.missingQuantity ?? 0) > 0;
}

/** What was given on this order before: to the voucher, and to the sub and main campaign, this request included. */
export interface GivenOnOrder {
  readonly voucher: number;
  readonly campaign: number;
  readonly parent: number;
}

/**
 * `discountAmountMaxPerOrder`, of whoever sets one; all codes and redemptions of the order share it. Null for the
 * voucher of an automatic campaign. When no discount is left, points and other gifts are given all the same.
 */
export function capPerOrder(
  grant: Grant,
  voucher: VoucherFacts | null,
  campaign: CampaignFacts,
  given: GivenOnOrder,
): Grant {
  const leftOf = (max: number | undefined, used: number): number =>
    max === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, max - used);
  const max = Math.min(
    leftOf(voucher?.limits.discountAmountMaxPerOrder, given.voucher),
    leftOf(campaign.limits.discountAmountMaxPerOrder, given.campaign),
    leftOf(campaign.parent.limits.discountAmountMaxPerOrder, given.parent),
  );
  const cut = cutTo(grant, max);
  if (grant.discountAmount === 0 || cut.discountAmount > 0 || cut.rewards.length > 0) return cut;
  const message = "This order has had all the discount that this promotion gives to one order";
  return { ...cut, reasons: [...cut.reasons, makeReason("no_effect", message)] };
}

/** Trims to what the trimming budgets have left, then asks the others whether it fits. */
export function fitBudgets(grant: Grant, counters: readonly Counter[], tally: Tally, currency: string): Grant {
  // Points and gifts without a discount need no budget.
  if (grant.discountAmount === 0 && grant.rewards.length > 0) return grant;
  const leftOf = (counter: Counter): number =>
    counter.amountMax === null ? Number.MAX_SAFE_INTEGER : Math.max(0, counter.amountMax - tally.amountOf(counter));
  let trimTo = Number.MAX_SAFE_INTEGER;
  for (const counter of counters) if (counter.trims) trimTo = Math.min(trimTo, leftOf(counter));
  const cut = cutTo(grant, trimTo);
  const reasons = counters.flatMap((counter) => {
    const left = leftOf(counter);
    // Trimming to nothing is a refusal; what was asked then is the discount before the cut.
    const asked = counter.trims ? grant.discountAmount : cut.discountAmount;
    if (left > 0 && (counter.trims || asked <= left)) return [];
    const gap = asked > left ? { gap: asked - left } : {};
    const detail = { expected: counter.amountMax, actual: tally.amountOf(counter), ...gap };
    return [makeReason(counter.amountReason, budgetMessage(counter.amountReason, left, currency), detail)];
  });
  return reasons.length === 0 ? cut : { ...cut, reasons: [...cut.reasons, ...reasons] };
}

/** "Only 4.20 EUR of this promotion is left". */
function budgetMessage(key: ReasonKey, left: number, currency: string): string {
  const subject = budgetSubjects[key] ?? "this promotion";
  return left > 0 ? `Only ${formatMoney(left, currency)} of ${subject} is left` : `The budget of ${subject} is used up`;
}

const budgetSubjects: Readonly<Partial<Record<ReasonKey, string>>> = {
  voucher_budget_reached: "this code",
  customer_limit_reached: "this promotion for one customer",
  period_limit_reached: "this promotion for this period",
};
