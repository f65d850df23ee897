/** Something that may apply to an order: a code that exists, or an automatic campaign. */
import { pointsPriceOf } from "./checks.ts";
import { type Counter, countersOf } from "./counters.ts";
import type { CampaignFacts, Facts, Stacking, VoucherFacts } from "./facts.ts";

export interface Candidate {
  /** Of a code: its place in the request. Of an automatic campaign: null. */
  readonly position: number | null;
  readonly voucher: VoucherFacts | null;
  readonly campaign: CampaignFacts;
  readonly stacking: Stacking;
  readonly isGiftCard: boolean;
  readonly counters: readonly Counter[];
  /** Points that one use costs. */
  readonly pointsPrice: number;
}

export function codeCandidates(facts: Facts): Candidate[] {
  return facts.redeemables.flatMap(({ voucher, campaign }, position) =>
    voucher === null || campaign === null ? [] : [candidate(position, voucher, campaign, facts)],
  );
}

export function automaticCandidate(campaign: CampaignFacts, facts: Facts): Candidate {
  return candidate(null, null, campaign, facts);
}

function candidate(
  position: number | null,
  voucher: VoucherFacts | null,
  campaign: CampaignFacts,
  facts: Facts,
): Candidate {
  return {
    position,
    voucher,
    campaign,
    stacking: campaign.stacking,
    isGiftCard: voucher?.kind === "gift_card",
    counters: countersOf(voucher, campaign, facts.customer !== null),
    pointsPrice: pointsPriceOf(voucher, campaign),
  };
}

/**
 * By `stacking.order`; within it automatic campaigns by id, then codes as given. Gift cards pay what is left, so they
 * come after everything else.
 */
export function inOrderOfApplication(candidates: readonly Candidate[]): Candidate[] {
  if (candidates.length < 2) return [...candidates];
  return [...candidates].sort(
    (a, b) =>
      Number(a.isGiftCard) - Number(b.isGiftCard) ||
      (a.stacking.order ?? 0) - (b.stacking.order ?? 0) ||
      (a.position ?? -1) - (b.position ?? -1) ||
      (a.campaign.id < b.campaign.id ? -1 : a.campaign.id > b.campaign.id ? 1 : 0),
  );
}
