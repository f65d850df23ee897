/** What a code takes off the order: its rewards, cut to its caps and to what the budgets have left. */
import type { Counter, Tally } from "./counters.ts";
import type { AppliedReward, Trace } from "./decision.ts";
import type { CampaignFacts, VoucherFacts } from "./facts.ts";
import { formatMoney, splitByLargestRemainder } from "./money.ts";
import { makeReason, type Reason } from "./reason.ts";
import { applyReward } from "./rewards/apply.ts";
import { evaluate } from "./rules/evaluate.ts";
import { explain } from "./rules/explain.ts";
import type { RuleContext } from "./rules/paths.ts";

export interface Grant {
  readonly discountAmount: number;
  readonly rewards: readonly AppliedReward[];
  readonly itemsDiscount: readonly number[];
  readonly reasons: readonly Reason[];
  readonly trace: Readonly<Record<string, Trace>>;
}

export function grantNothing(lines: number): Grant {
  return { discountAmount: 0, rewards: [], itemsDiscount: new Array<number>(lines).fill(0), reasons: [], trace: {} };
}

/** The rewards one after the other, each on what is left. When none gives anything: `no_effect`, and whose condition failed. */
export function grantRewards(campaign: CampaignFacts, left: readonly number[], context: RuleContext): Grant {
  const trace: Record<string, Trace> = {};
  const unmet: Reason[] = [];
  const rewards: AppliedReward[] = [];
  let lines = new Array<number>(left.length).fill(0);
  for (const [index, reward] of campaign.rewards.entries()) {
    if (reward.when !== undefined) {
      const seen = evaluate(reward.when, context);
      trace[`reward/${index}`] = seen;
      const about = { currency: context.order.currency, hasCustomer: context.customer !== null };
      unmet.push(...explain(reward.when, seen, `reward/${index}.when`, about));
      if (!seen.met) continue;
    }
    const taken = lines;
    const shares = applyReward(
      reward,
      left.map((amount, line) => amount - (taken[line] ?? 0)),
      context,
    );
    lines = taken.map((amount, line) => amount + (shares[line] ?? 0));
    rewards.push({ type: reward.type, discountAmount: sum(shares) });
  }
  const discountAmount = sum(lines);
  const reasons =
    discountAmount > 0 ? [] : [makeReason("no_effect", "This code takes nothing off this order"), ...unmet];
  return { discountAmount, rewards, itemsDiscount: lines, reasons, trace };
}

/** The same grant, reduced to at most `max`: lines and rewards bear the cut in proportion. */
function cutTo(grant: Grant, max: number): Grant {
  if (grant.discountAmount <= max) return grant;
  const shares = splitByLargestRemainder(
    max,
    grant.rewards.map((reward) => reward.discountAmount),
  );
  return {
    ...grant,
    discountAmount: max,
    rewards: grant.rewards.map((reward, index) => ({ ...reward, discountAmount: shares[index] ?? 0 })),
    itemsDiscount: splitByLargestRemainder(max, grant.itemsDiscount),
  };
}

/** What was given on this order before: to the voucher, and to the sub and main campaign, this request included. */
export interface GivenOnOrder {
  readonly voucher: number;
  readonly campaign: number;
  readonly parent: number;
}

/** `discountAmountMaxPerOrder`, of whoever sets one; all codes and redemptions of the order share it. */
export function capPerOrder(grant: Grant, voucher: VoucherFacts, campaign: CampaignFacts, given: GivenOnOrder): Grant {
  const caps = [
    { max: voucher.limits.discountAmountMaxPerOrder, given: given.voucher },
    { max: campaign.limits.discountAmountMaxPerOrder, given: given.campaign },
    { max: campaign.parent.limits.discountAmountMaxPerOrder, given: given.parent },
  ];
  const left = caps.map((cap) => (cap.max === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, cap.max - cap.given)));
  const cut = cutTo(grant, Math.min(...left));
  if (cut.discountAmount > 0 || grant.discountAmount === 0) return cut;
  const message = "This order has had all the discount that this promotion gives to one order";
  return { ...cut, reasons: [...cut.reasons, makeReason("no_effect", message)] };
}

/** Trims to what the trimming budgets have left, then asks the others whether it fits. */
export function fitBudgets(grant: Grant, counters: readonly Counter[], tally: Tally, currency: string): Grant {
  const leftOf = (counter: Counter): number =>
    counter.amountMax === null ? Number.MAX_SAFE_INTEGER : Math.max(0, counter.amountMax - tally.amountOf(counter));
  const trimTo = Math.min(Number.MAX_SAFE_INTEGER, ...counters.filter((counter) => counter.trims).map(leftOf));
  const cut = cutTo(grant, trimTo);
  const reasons = counters.flatMap((counter) => {
    const left = leftOf(counter);
    // Trimming to nothing is a refusal; what was asked then is the discount before the cut.
    const asked = counter.trims ? grant.discountAmount : cut.discountAmount;
    if (left > 0 && (counter.trims || asked <= left)) return [];
    const gap = asked > left ? { gap: asked - left } : {};
    const subject = counter.amountReason === "voucher_budget_reached" ? "this code" : "this promotion";
    const message =
      left > 0 ? `Only ${formatMoney(left, currency)} of ${subject} is left` : `The budget of ${subject} is used up`;
    const detail = { expected: counter.amountMax, actual: tally.amountOf(counter), ...gap };
    return [makeReason(counter.amountReason, message, detail)];
  });
  return { ...cut, reasons: [...cut.reasons, ...reasons] };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
