/** What might fit a customer and a basket, best first. Takes nothing and announces nothing. */
import type { Deps } from "../deps.ts";
import { decideCampaign, decideCode, isNearMiss } from "../domain/alone.ts";
import { type BestOf, bestOf } from "../domain/best-of.ts";
import type { CodeDecision } from "../domain/decision.ts";
import type { Facts, OrderFacts, Redeemable } from "../domain/facts.ts";
import { isWithheld } from "../domain/holdout.ts";
import { findCandidates } from "../offers/candidates.ts";
import { loadFacts } from "../redemptions/load-facts.ts";

export interface QualificationRequest {
  readonly projectId: string;
  readonly customer: string | null;
  readonly order: OrderFacts;
  readonly languages: readonly string[];
  /** For everybody's eyes: nothing of the customer's own wallet. */
  readonly isPublic: boolean;
  /** Whether to look for the best codes to use together. */
  readonly combine: boolean;
}

export interface Qualified {
  readonly decision: CodeDecision;
  readonly isAutomatic: boolean;
  readonly inWallet: boolean;
}

export interface Qualification {
  /** Of each campaign its best code, or itself: those that apply, then those that another basket would let apply. */
  readonly found: readonly Qualified[];
  /** Null when it was not asked for. */
  readonly combination: BestOf | null;
}

/** As many as one order may use. */
const combinedMax = 30;

export async function qualify(deps: Deps, request: QualificationRequest): Promise<Qualification> {
  const { projectId, customer, order, languages } = request;
  const candidates = await findCandidates(deps.db, projectId, request.isPublic ? null : customer);
  const codes = candidates.map(({ code }) => code);
  const asked = { projectId, codes, customer, order, at: null, languages, withNearMisses: true };
  const { facts } = await loadFacts(deps, asked);
  const wallet = new Set(candidates.filter(({ inWallet }) => inWallet).map(({ code }) => code));
  const automatic = ofAutomatic(facts);
  // What applies without a code needs none.
  const told = new Set(automatic.map(({ decision }) => decision.campaignId));
  const withCode = ofCodes(facts, wallet).filter(({ decision }) => !told.has(decision.campaignId));
  const found = [...automatic, ...withCode].sort(compare);
  return { found, combination: request.combine ? combinationOf(facts, found) : null };
}

/** At most one code a campaign; a campaign withholds itself from its holdout. */
function ofCodes(facts: Facts, wallet: ReadonlySet<string>): Qualified[] {
  const best = new Map<string, Qualified>();
  for (const redeemable of facts.redeemables) {
    const { campaign, voucher } = redeemable;
    if (campaign === null) continue;
    // A gift card is money, which nobody withholds.
    if (voucher?.kind !== "gift_card" && withholds(facts, campaign)) continue;
    const decision = decideCode(facts, redeemable);
    if (!isWorthTelling(decision, redeemable)) continue;
    const qualified = { decision, isAutomatic: false, inWallet: wallet.has(redeemable.code) };
    const known = best.get(campaign.id);
    if (known === undefined || compare(qualified, known) < 0) best.set(campaign.id, qualified);
  }
  return [...best.values()];
}

function ofAutomatic(facts: Facts): Qualified[] {
  return facts.automatic.flatMap((campaign) => {
    if (withholds(facts, campaign)) return [];
    const decision = decideCampaign(facts, campaign);
    if (decision === null || !isWorthTelling(decision, { voucher: null, campaign })) return [];
    return [{ decision, isAutomatic: true, inWallet: false }];
  });
}

function withholds(facts: Facts, campaign: { readonly id: string; readonly holdoutPercent: number }): boolean {
  return facts.customer !== null && isWithheld(campaign, facts.customer);
}

function isWorthTelling(decision: CodeDecision, of: Omit<Redeemable, "code">): boolean {
  return decision.applicable || isNearMiss(decision, of);
}

/** What applies first, by money off, gift cards after promotions; near misses by how little is missing: fewest reasons, then the smallest gap. */
function compare(a: Qualified, b: Qualified): number {
  const [left, right] = [a.decision, b.decision];
  return (
    Number(right.applicable) - Number(left.applicable) ||
    Number(isGiftCard(left)) - Number(isGiftCard(right)) ||
    right.discountAmount - left.discountAmount ||
    left.reasons.length - right.reasons.length ||
    largestGap(left) - largestGap(right) ||
    Number(b.inWallet) - Number(a.inWallet) ||
    compareText(left.campaignId ?? "", right.campaignId ?? "") ||
    compareText(left.code, right.code)
  );
}

function isGiftCard({ rewards }: CodeDecision): boolean {
  return rewards.some(({ type }) => type === "gift_card");
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** A reason without a gap is farther away than any with one. */
function largestGap({ reasons }: CodeDecision): number {
  return Math.max(0, ...reasons.map(({ gap }) => gap ?? Number.MAX_SAFE_INTEGER));
}

function combinationOf(facts: Facts, found: readonly Qualified[]): BestOf {
  const best = new Set(
    found
      .filter(({ decision, isAutomatic }) => decision.applicable && !isAutomatic)
      .map(({ decision }) => decision.code),
  );
  const redeemables = facts.redeemables.filter(({ code }) => best.has(code)).slice(0, combinedMax);
  return bestOf({ ...facts, redeemables });
}
