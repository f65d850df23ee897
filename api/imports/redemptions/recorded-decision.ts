/**
 * A redemption as it happened, in the form of a decision: the discounts are those given, split over what the lines have
 * left as the engine splits them. Rules, windows and status are not judged again. Counters are: what they have no room
 * for cannot be recorded.
 */
import { type Candidate, codeCandidates } from "../../domain/candidate.ts";
import { usesReasons } from "../../domain/checks.ts";
import type { CodeDecision, Decision } from "../../domain/decision.ts";
import type { Facts } from "../../domain/facts.ts";
import { splitByLargestRemainder, sum } from "../../domain/money.ts";
import { Progress, requestOf } from "../../domain/progress.ts";

export interface GivenCode {
  readonly discount_amount: number;
  readonly shipping_discount_amount?: number | undefined;
}

export interface Unrecordable {
  readonly field: string;
  readonly reason: string;
}

/** @param given in the order of `facts.redeemables`. */
export function recordedDecision(facts: Facts, given: readonly GivenCode[]): Decision | Unrecordable {
  const request = requestOf(facts);
  const progress = new Progress(request);
  const decided = new Map<number, CodeDecision>();
  const unknown = facts.redeemables.findIndex(({ voucher }) => voucher === null);
  if (unknown >= 0) return at(unknown, "code", "There is no such code.");
  // A gift card pays what is left, so it comes after everything else.
  const candidates = [...codeCandidates(facts)].sort((a, b) => Number(a.isGiftCard) - Number(b.isGiftCard));
  for (const candidate of candidates) {
    const position = candidate.position ?? 0;
    const code = given[position];
    if (code === undefined) throw new Error("a code has no discount");
    const decision = recordOne(candidate, code, { facts, progress, orderAmount: request.amount });
    if ("field" in decision) return decision;
    decided.set(position, decision);
    // Points were paid then, if they were; they are not paid again.
    progress.accept({ ...candidate, pointsPrice: 0 }, decision);
  }
  const codes = facts.redeemables.flatMap((_, position) => decided.get(position) ?? []);
  const discountAmount = sum(codes.map((code) => code.discountAmount));
  return {
    valid: true,
    amount: request.amount,
    discountAmount,
    totalAmount: sum(request.leftBefore.lines) + request.leftBefore.shipping - discountAmount,
    itemsDiscount: facts.order.items.map((_, line) => sum(codes.map((code) => code.itemsDiscount[line] ?? 0))),
    shippingDiscount: sum(codes.map((code) => code.shippingDiscount)),
    codes,
    automatic: [],
    exhaustive: true,
    takes: progress.tally.takes(),
  };
}

interface Situation {
  readonly facts: Facts;
  readonly progress: Progress;
  readonly orderAmount: number;
}

function recordOne(candidate: Candidate, given: GivenCode, situation: Situation): CodeDecision | Unrecordable {
  const { voucher, campaign, isGiftCard } = candidate;
  const position = candidate.position ?? 0;
  const { facts, progress } = situation;
  if (voucher === null) throw new Error("a code without a voucher");
  if (facts.order.currency !== campaign.currency) {
    return { field: "order/currency", reason: `The code is for orders in ${campaign.currency}.` };
  }
  if (facts.appliedBefore.some(({ voucherId }) => voucherId === voucher.id)) {
    return at(position, "code", "The order has this code already.");
  }
  const noRoom = noRoomFor(candidate, given.discount_amount, situation);
  if (noRoom !== null) return at(position, noRoom.field, noRoom.reason);
  const split = splitDiscount(given, isGiftCard, progress);
  if (split === null) {
    const left = sum(progress.left.lines) + progress.left.shipping;
    return at(position, "discount_amount", `Only ${left} of the order is left to take off, in minor units.`);
  }
  return {
    code: voucher.code,
    voucherId: voucher.id,
    campaignId: campaign.id,
    parentId: campaign.parent.id,
    applicable: true,
    discountAmount: given.discount_amount,
    rewards: [{ type: isGiftCard ? "gift_card" : "order_discount", discountAmount: given.discount_amount }],
    referrerRewards: [],
    reasons: [],
    itemsDiscount: split.lines,
    shippingDiscount: split.shipping,
    trace: {},
  };
}

function noRoomFor(candidate: Candidate, amount: number, { progress, orderAmount }: Situation): Unrecordable | null {
  const [noUse] = usesReasons(candidate.counters, progress.tally, orderAmount);
  if (noUse !== undefined) return { field: "code", reason: `${noUse.message} (${noUse.key}).` };
  for (const counter of candidate.counters) {
    if (counter.amountMax === null || amount === 0) continue;
    const left = counter.amountMax - progress.tally.amountOf(counter);
    if (amount > left) {
      return { field: "discount_amount", reason: `Only ${Math.max(0, left)} are left (${counter.amountReason}).` };
    }
  }
  const balance = candidate.voucher?.balanceAmount ?? 0;
  if (candidate.isGiftCard && amount > balance) {
    return { field: "discount_amount", reason: `The gift card holds ${balance} (gift_card_empty).` };
  }
  return null;
}

/** Null when so much is not left. What the lines cannot bear comes off the shipping. */
function splitDiscount(given: GivenCode, isGiftCard: boolean, { left }: Progress) {
  const onLines = sum(left.lines);
  const amount = given.discount_amount;
  if (amount > onLines + left.shipping) return null;
  if (isGiftCard && given.shipping_discount_amount === undefined) {
    const shares = splitByLargestRemainder(amount, [...left.lines, left.shipping]);
    return { lines: shares.slice(0, -1), shipping: shares.at(-1) ?? 0 };
  }
  const shipping = given.shipping_discount_amount ?? Math.max(0, amount - onLines);
  if (shipping > left.shipping || amount - shipping > onLines) return null;
  return { lines: splitByLargestRemainder(amount - shipping, left.lines), shipping };
}

function at(position: number, field: string, reason: string): Unrecordable {
  return { field: `codes/${position}/${field}`, reason };
}
