/** What a campaign gives on an order: its rewards one after the other, each on what is left. */
import type { AppliedReward, Trace } from "./decision.ts";
import type { CampaignFacts, VoucherFacts } from "./facts.ts";
import { splitByLargestRemainder, sum } from "./money.ts";
import { makeReason, type Reason } from "./reason.ts";
import { applyReward, type Outcome } from "./rewards/apply.ts";
import { type Basket, basketOf, isAllExcluded } from "./rewards/basket.ts";
import { Conditions } from "./rewards/conditions.ts";
import { customerRequired, issuedReward } from "./rewards/issued.ts";
import { type Earning, pointsOf } from "./rewards/points.ts";
import type { Points, Reward } from "./rewards/reward.ts";
import { isMet } from "./rules/is-met.ts";
import type { RuleContext } from "./rules/paths.ts";

/** What earlier discounts have left to pay. */
export interface Left {
  readonly lines: readonly number[];
  readonly shipping: number;
}

/** `discountAmount` is always Σ `itemsDiscount` + `shippingDiscount`, and Σ of the rewards' discounts. */
export interface Grant {
  readonly discountAmount: number;
  /** Those that gave something; points last, for they depend on what is left to pay. */
  readonly rewards: readonly AppliedReward[];
  readonly itemsDiscount: readonly number[];
  readonly shippingDiscount: number;
  readonly reasons: readonly Reason[];
  readonly trace: Readonly<Record<string, Trace>>;
  /** The points rewards that the customer gets, and what they count on; null where no campaign's rewards were given. */
  readonly earning: Earning | null;
}

export function grantNothing(lines: number): Grant {
  return {
    discountAmount: 0,
    rewards: [],
    itemsDiscount: new Array<number>(lines).fill(0),
    shippingDiscount: 0,
    reasons: [],
    trace: {},
    earning: null,
  };
}

/** When it gives nothing at all, the reasons say why. `pools` says how many codes each pool has left. */
export function grantRewards(
  campaign: CampaignFacts,
  left: Left,
  context: RuleContext,
  pools: Readonly<Record<string, number>>,
): Grant {
  const conditions = new Conditions(context);
  const start = basketOf(campaign.exclusions, left, context);
  let basket = start;
  const rewards: AppliedReward[] = [];
  const missed: Reason[] = [];
  const points: Points[] = [];
  let looksAtLines = false;
  for (const [index, reward] of campaign.rewards.entries()) {
    if (!conditions.hold(reward, `reward/${index}`)) continue;
    if (reward.type === "points") {
      points.push(reward);
      continue;
    }
    looksAtLines ||= onLines.includes(reward.type);
    const outcome = applyReward(reward, basket, poolLeft(reward, pools, rewards));
    if (outcome.missed !== null) missed.push(outcome.missed);
    if (outcome.applied !== null) rewards.push(outcome.applied);
    basket = without(basket, outcome);
  }
  const isGuest = context.customer === null;
  if (isGuest && points.length > 0) missed.push(customerRequired());
  const earning = { rewards: isGuest ? [] : points, orderAmount: start.amount, payable: sum(basket.left) };
  rewards.push(...pointsOf(earning));
  if (rewards.length === 0 && looksAtLines && isAllExcluded(start)) missed.unshift(allExcluded());
  if (rewards.length === 0 && missed.length === 0) missed.push(noEffect());

  const shippingDiscount = start.shippingLeft - basket.shippingLeft;
  const itemsDiscount = start.left.map((amount, line) => amount - (basket.left[line] ?? 0));
  return {
    discountAmount: sum(itemsDiscount) + shippingDiscount,
    rewards,
    itemsDiscount,
    shippingDiscount,
    reasons: rewards.length > 0 ? [] : [...missed, ...conditions.unmet],
    trace: conditions.trace,
    earning,
  };
}

/** A gift card pays what is left, shipping included, as far as its balance goes. */
export function payByGiftCard(voucher: VoucherFacts, left: Left): Grant {
  const balance = voucher.balanceAmount ?? 0;
  const toPay = [...left.lines, left.shipping];
  const paid = Math.min(balance, sum(toPay));
  const nothing = grantNothing(left.lines.length);
  if (balance === 0) {
    const reason = makeReason("gift_card_empty", "There is nothing left on this gift card");
    return { ...nothing, reasons: [reason] };
  }
  if (paid === 0) return { ...nothing, reasons: [makeReason("no_effect", "There is nothing left to pay")] };
  const shares = splitByLargestRemainder(paid, toPay);
  return {
    ...nothing,
    discountAmount: paid,
    rewards: [{ type: "gift_card", discountAmount: paid }],
    itemsDiscount: shares.slice(0, -1),
    shippingDiscount: shares.at(-1) ?? 0,
  };
}

/**
 * What the referrer gets for a friend's order. `payable` is what is left to pay of the order, for points by money
 * spent: the friend's grant says it (`earning.payable`). Of an empty pool they get nothing, which is no fault of the
 * friend's. `given`: what the friend gets, from the same pools.
 */
export function referrerRewards(
  campaign: CampaignFacts,
  context: RuleContext,
  payable: number,
  pools: Readonly<Record<string, number>>,
  given: readonly AppliedReward[],
): readonly AppliedReward[] {
  const rewards: AppliedReward[] = [];
  for (const reward of campaign.referrerRewards) {
    if (reward.when !== undefined && !isMet(reward.when, context)) continue;
    if (reward.type === "points") {
      rewards.push(...pointsOf({ rewards: [reward], orderAmount: context.amount, payable }));
    } else if (reward.type === "pool_voucher") {
      if (poolLeft(reward, pools, [...given, ...rewards]) > 0) rewards.push(issuedReward(reward));
    } else if (reward.type === "voucher" || reward.type === "gift_credit") {
      rewards.push(issuedReward(reward));
    }
  }
  return rewards;
}

function poolLeft(reward: Reward, pools: Readonly<Record<string, number>>, given: readonly AppliedReward[]): number {
  if (reward.type !== "pool_voucher" || !Object.hasOwn(pools, reward.pool_id)) return 0;
  return (pools[reward.pool_id] ?? 0) - given.filter((applied) => applied.poolId === reward.pool_id).length;
}

/** Without a line to look at they can do nothing. */
const onLines: readonly Reward["type"][] = ["order_discount", "item_discount", "buy_x_get_y", "bundle"];

function noEffect(): Reason {
  return makeReason("no_effect", "This code takes nothing off this order");
}

function allExcluded(): Reason {
  return makeReason("excluded_products", "This promotion does not apply to any product in this order");
}

function without(basket: Basket, { lines, shipping }: Outcome): Basket {
  if (lines === null && shipping === 0) return basket;
  return {
    ...basket,
    left: lines === null ? basket.left : basket.left.map((amount, line) => amount - (lines[line] ?? 0)),
    shippingLeft: basket.shippingLeft - shipping,
  };
}
