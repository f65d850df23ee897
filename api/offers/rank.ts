/** Orders offers by what they are expected to bring, and says why. Pure. */
import { type OfferInput, smoothedRate } from "../../models/features/personalisation.ts";
import type { OfferScores } from "../../models/serving.ts";
import { formatMoney, percentOf } from "../domain/money.ts";
import type { Eligible } from "./eligible.ts";

/**
 * What the shop earns of a basket, before the discount, in basis points. An assumption: item costs are not known here.
 * It is the same for all offers, so it moves their value, and their order only against discounts that cost more than
 * a basket earns.
 */
const marginBasisPoints = 3_000;

export interface RankedOffer {
  readonly campaignId: string;
  readonly code: string;
  readonly discountAmount: number;
  readonly probability: number;
  /** Null while no basket is known. */
  readonly expectedValueAmount: number | null;
  readonly features: Readonly<Record<string, number>> | null;
  readonly reasons: readonly string[];
}

export interface Candidate {
  readonly eligible: Eligible;
  readonly input: OfferInput;
}

export interface RankContext {
  readonly scores: OfferScores | "unavailable";
  /** The order's amount; null without an order. */
  readonly orderAmount: number | null;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * By expected value, then probability, discount and campaign. Without a model: by the campaign's redemption rate so far,
 * which starts from one redemption in twenty publications, then discount and campaign.
 */
export function rank(candidates: readonly Candidate[], context: RankContext): RankedOffer[] {
  const offers = candidates.map((candidate, index) => toOffer(candidate, index, context));
  const byModel = context.scores !== "unavailable";
  return offers.sort(
    (a, b) =>
      (byModel ? (b.expectedValueAmount ?? 0) - (a.expectedValueAmount ?? 0) : 0) ||
      b.probability - a.probability ||
      b.discountAmount - a.discountAmount ||
      (a.campaignId < b.campaignId ? -1 : 1),
  );
}

function toOffer({ eligible, input }: Candidate, index: number, context: RankContext): RankedOffer {
  const { scores, orderAmount } = context;
  const score = scores === "unavailable" ? undefined : scores.offers[index];
  const rate = smoothedRate(input.campaignRedemptionsCount, input.campaignPublicationsCount);
  // A generic code that was never published can have more redemptions than publications.
  const probability = score?.probability ?? Math.min(1, rate);
  const discountAmount = eligible.discountAmount ?? averageDiscount(input);
  const basket = orderAmount ?? averageBasket(input);
  return {
    campaignId: eligible.campaign.id,
    code: eligible.code,
    discountAmount,
    probability,
    expectedValueAmount:
      basket === null ? null : Math.round(probability * (percentOf(basket, marginBasisPoints) - discountAmount)),
    features: score?.features ?? null,
    reasons: reasonsFor(eligible, input, context),
  };
}

function averageDiscount(input: OfferInput): number {
  return input.campaignRedemptionsCount === 0
    ? 0
    : Math.round(input.campaignDiscountAmount / input.campaignRedemptionsCount);
}

function averageBasket(input: OfferInput): number | null {
  return input.ordersCount === 0 ? null : Math.round(input.ordersAmount / input.ordersCount);
}

const dayMs = 86_400_000;

function reasonsFor(
  { campaign, discountAmount, inWallet }: Eligible,
  input: OfferInput,
  context: RankContext,
): string[] {
  const reasons: string[] = [];
  const similar = input.customerMainRedemptionsCount;
  if (discountAmount !== null) reasons.push(`saves ${formatMoney(discountAmount, campaign.currency)} on this basket`);
  if (similar > 0) reasons.push(`redeemed ${similar} similar ${similar === 1 ? "offer" : "offers"}`);
  else if (input.redemptionsCount > 0) {
    reasons.push(`redeemed ${input.redemptionsCount} other ${input.redemptionsCount === 1 ? "offer" : "offers"}`);
  }
  if (inWallet) reasons.push("in the customer's wallet");
  const left = campaign.endsAt === null ? null : Math.ceil((campaign.endsAt - context.now) / dayMs);
  if (left !== null && left <= 7) reasons.push(left <= 1 ? "ends within a day" : `ends in ${left} days`);
  const { campaignRedemptionsCount: taken, campaignPublicationsCount: published } = input;
  if (published > 0 && taken > 0) reasons.push(`redeemed ${taken} times of ${published} times handed out`);
  return reasons.length > 0 ? reasons : ["open to this customer now"];
}
