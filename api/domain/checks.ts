/** Everything about a code but its rules, its money and its neighbours: status, windows, owner, uses, currency. */
import { type Counter, countsCustomers } from "./counters.ts";
import type { CampaignFacts, Facts, MainCampaignFacts, VoucherFacts } from "./facts.ts";
import { isWithheld } from "./holdout.ts";
import { formatMoney } from "./money.ts";
import { makeReason, type Reason } from "./reason.ts";
import type { Tally } from "./tally.ts";
import { formatInstant } from "./time.ts";

export function voucherReasons(voucher: VoucherFacts, facts: Facts): Reason[] {
  const reasons: Reason[] = [];
  if (voucher.status === "disabled") reasons.push(makeReason("voucher_not_active", "This code is switched off"));
  if (voucher.startsAt !== null && facts.now < voucher.startsAt) {
    const detail = { expected: formatInstant(voucher.startsAt), actual: formatInstant(facts.now) };
    reasons.push(makeReason("voucher_not_yet_active", "This code is not valid yet", detail));
  }
  if (voucher.expiresAt !== null && facts.now >= voucher.expiresAt) {
    const detail = { expected: formatInstant(voucher.expiresAt), actual: formatInstant(facts.now) };
    reasons.push(makeReason("voucher_expired", "This code has expired", detail));
  }
  // Whom it belongs to stays untold.
  if (voucher.assignedTo !== null && facts.customer !== null && facts.customer.id !== voucher.assignedTo) {
    reasons.push(makeReason("voucher_assigned_to_other_customer", "This code belongs to another customer"));
  }
  if (voucher.referrerId !== null && facts.customer?.id === voucher.referrerId) {
    reasons.push(makeReason("self_referral", "This code is for friends, not for oneself"));
  }
  return reasons;
}

/** Of a main or a sub-campaign. */
export function campaignReasons(
  campaign: Pick<MainCampaignFacts, "status" | "startsAt" | "endsAt">,
  now: number,
): Reason[] {
  const reasons: Reason[] = [];
  if (campaign.status !== "active") {
    const detail = { expected: "active", actual: campaign.status };
    reasons.push(makeReason("campaign_not_active", "This promotion is not running", detail));
  }
  if (campaign.startsAt !== null && now < campaign.startsAt) {
    const detail = { expected: formatInstant(campaign.startsAt), actual: formatInstant(now) };
    reasons.push(makeReason("campaign_not_started", "This promotion has not started yet", detail));
  }
  if (campaign.endsAt !== null && now >= campaign.endsAt) {
    const detail = { expected: formatInstant(campaign.endsAt), actual: formatInstant(now) };
    reasons.push(makeReason("campaign_ended", "This promotion has ended", detail));
  }
  return reasons;
}

/** About who pays with what: the customer, the lottery of the holdout, the currency and the order's own sum. */
export function requestReasons(
  voucher: VoucherFacts | null,
  campaign: CampaignFacts,
  facts: Facts,
  amount: number,
): Reason[] {
  const { customer, order } = facts;
  const reasons: Reason[] = [];
  if (customer === null && needsCustomer(voucher, campaign)) {
    reasons.push(makeReason("customer_required", "This code needs a known customer"));
  }
  if (customer?.blocked === true) {
    reasons.push(makeReason("customer_blocked", "This customer cannot use codes"));
  }
  // A gift card is money, which nobody withholds.
  const mayWithhold = campaign.holdoutCodes && voucher?.kind !== "gift_card";
  if (customer !== null && mayWithhold && isWithheld(campaign, customer)) {
    reasons.push(makeReason("in_holdout", "This code is not offered to this customer"));
  }
  if (order.currency !== campaign.currency) {
    const detail = { expected: campaign.currency, actual: order.currency };
    reasons.push(makeReason("currency_mismatch", `This code is for orders in ${campaign.currency}`, detail));
  }
  if (order.statedAmount !== null && order.statedAmount !== amount) {
    const message = `The order says ${formatMoney(order.statedAmount, order.currency)}, but its lines sum to ${formatMoney(amount, order.currency)}`;
    reasons.push(makeReason("order_total_mismatch", message, { expected: amount, actual: order.statedAmount }));
  }
  return reasons;
}

/** Whom it belongs to, who referred whom, whose points it costs and what each customer had cannot be told of a guest. */
export function needsCustomer(voucher: VoucherFacts | null, campaign: CampaignFacts): boolean {
  if (voucher !== null && (voucher.assignedTo !== null || voucher.referrerId !== null)) return true;
  return pointsPriceOf(voucher, campaign) > 0 || countsCustomers(voucher, campaign);
}

/** What one use costs now. */
export function pointsPriceOf(voucher: VoucherFacts | null, campaign: CampaignFacts): number {
  return voucher?.pointsPaid === true ? 0 : (campaign.pointsPrice ?? 0);
}

const usesMessages: Readonly<Partial<Record<Counter["usesReason"], string>>> = {
  voucher_no_uses_left: "This code has been used up",
  campaign_redemptions_reached: "This promotion has been used up",
  customer_limit_reached: "This customer has used this promotion as often as it allows",
  period_limit_reached: "This promotion has been used as often as it allows for now",
};

/** One reason for each counter that has no use left, and for each campaign that has no room for the order's value. */
export function usesReasons(counters: readonly Counter[], tally: Tally, orderAmount: number): Reason[] {
  const reasons: Reason[] = [];
  for (const counter of counters) {
    if (counter.usesMax !== null) {
      const used = tally.usesOf(counter);
      if (used >= counter.usesMax) {
        const message = usesMessages[counter.usesReason] ?? "There are no uses left";
        reasons.push(makeReason(counter.usesReason, message, { expected: counter.usesMax, actual: used }));
      }
    }
    if (counter.ordersMax !== null && !tally.hasOrder(counter)) {
      const over = counter.ordersUsed + orderAmount - counter.ordersMax;
      if (over > 0) {
        const message = "This promotion has been used on as many orders as it allows";
        const detail = { expected: counter.ordersMax, actual: counter.ordersUsed, gap: over };
        reasons.push(makeReason("campaign_budget_reached", message, detail));
      }
    }
  }
  return reasons;
}

/** A guest has no points; that a customer is needed is said elsewhere. */
export function pointsReasons(price: number, facts: Facts, tally: Tally): Reason[] {
  if (price === 0 || facts.customer === null) return [];
  const available = facts.customer.points - tally.points;
  if (available >= price) return [];
  const message = `This costs ${price} points, ${price - available} more than there are`;
  return [makeReason("points_not_enough", message, { expected: price, actual: available, gap: price - available })];
}
