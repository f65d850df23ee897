/** What a campaign gives on an order: its rewards one after the other, each on what is left. */
import type { AppliedReward, Trace } from "./decision.ts";
import type { CampaignFacts, VoucherFacts } from "./facts.ts";
import { splitByLargestRemainder, sum } from "./money.ts";
import { makeReason, type Reason } from "./reason.ts";
import { applyReward, type Outcome } from "./rewards/apply.ts";
import { type Basket, basketOf, isAllExcluded } from "./rewards/basket.ts";
import { customerRequired, issuedReward } from "./rewards/issued.ts";
import { type Earning, pointsOf } from "./rewards/points.ts";
import type { Points, Reward } from "./rewards/reward.ts";
import { evaluate } from "./rules/evaluate.ts";
import { explain } from "./rules/explain.ts";
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
  /** The points rewards whose conditions hold, and what they count on. */
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
  const start = basketOf(campaign.exclusions, left, context);
  const conditions = new Conditions(context);
  const missed: Reason[] = [];
  const rewards: AppliedReward[] = [];
  const points: Points[] = [];
  const itemsDiscount = new Array<number>(left.lines.length).fill(0);
  let shippingDiscount = 0;
  let basket = start;
  let wantsLines = false;
  for (const [index, reward] of campaign.rewards.entries()) {
    if (!conditions.hold(reward, `reward/${index}`)) continue;
    if (reward.type === "points") {
      points.push(reward);
      continue;
    }
    const outcome = applyReward(reward, basket, poolLeft(reward, pools, rewards));
    wantsLines ||= takesFromLines(reward);
    if (outcome.missed !== null) missed.push(outcome.missed);
    if (outcome.applied === null) continue;
    rewards.push(outcome.applied);
    basket = without(basket, outcome);
    shippingDiscount += outcome.shipping;
    addTo(itemsDiscount, outcome.lines);
  }
  const earning = { rewards: points, orderAmount: start.amount, payable: sum(basket.left) };
  if (points.length > 0 && context.customer === null) missed.push(customerRequired());
  else rewards.push(...pointsOf(earning));
  if (rewards.length === 0) {
    if (wantsLines && isAllExcluded(start)) missed.unshift(allExcluded());
    if (missed.length === 0) missed.push(makeReason("no_effect", "This code takes nothing off this order"));
  }
  return {
    discountAmount: sum(itemsDiscount) + shippingDiscount,
    rewards,
    itemsDiscount,
    shippingDiscount,
    reasons: rewards.length > 0 ? [] : [...missed, ...conditions.unmet],
    trace: conditions.trace,
    earning: points.length > 0 && context.customer !== null ? earning : null,
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
 * spent: the friend's grant says it (`earning.payable`) when it has any. A pool is asked when the code is issued.
 */
export function referrerRewards(
  campaign: CampaignFacts,
  context: RuleContext,
  payable = context.amountLeft,
): readonly AppliedReward[] {
  return campaign.referrerRewards.flatMap((reward): AppliedReward[] => {
    if (reward.when !== undefined && !evaluate(reward.when, context).met) return [];
    if (reward.type === "points") return pointsOf({ rewards: [reward], orderAmount: context.amount, payable });
    const isIssued = reward.type === "voucher" || reward.type === "pool_voucher" || reward.type === "gift_credit";
    return isIssued ? [issuedReward(reward)] : [];
  });
}

/** The rewards' own conditions, with what was seen and why those not met failed. */
class Conditions {
  readonly trace: Record<string, Trace> = {};
  readonly unmet: Reason[] = [];
  readonly #context: RuleContext;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  hold(reward: Reward, name: string): boolean {
    if (reward.when === undefined) return true;
    const context = this.#context;
    const seen = evaluate(reward.when, context);
    this.trace[name] = seen;
    const about = { currency: context.order.currency, hasCustomer: context.customer !== null };
    if (!seen.met) this.unmet.push(...explain(reward.when, seen, `${name}.when`, about));
    return seen.met;
  }
}

function poolLeft(reward: Reward, pools: Readonly<Record<string, number>>, given: readonly AppliedReward[]): number {
  if (reward.type !== "pool_voucher" || !Object.hasOwn(pools, reward.pool_id)) return 0;
  return (pools[reward.pool_id] ?? 0) - given.filter((applied) => applied.poolId === reward.pool_id).length;
}

const onLines: readonly Reward["type"][] = ["order_discount", "item_discount", "buy_x_get_y", "bundle"];

function takesFromLines(reward: Reward): boolean {
  return onLines.includes(reward.type);
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

function addTo(total: number[], shares: readonly number[] | null): void {
  if (shares === null) return;
  for (const [line, share] of shares.entries()) total[line] = (total[line] ?? 0) + share;
}
