/** Which candidates may be offered, and what each would give: at most one code a campaign. */
import { decideCode } from "../domain/alone.ts";
import { campaignReasons, usesReasons, voucherReasons } from "../domain/checks.ts";
import { countersOf } from "../domain/counters.ts";
import type { CampaignFacts, Facts, Redeemable, VoucherFacts } from "../domain/facts.ts";
import { isWithheld } from "../domain/holdout.ts";
import { Tally } from "../domain/tally.ts";

export interface Eligible {
  readonly campaign: CampaignFacts;
  readonly code: string;
  readonly inWallet: boolean;
  /** What it gives on the order; null without an order. */
  readonly discountAmount: number | null;
}

/**
 * With an order a code must apply to it on its own; without one it must be open to this customer now, whatever its rules
 * ask of a basket. A campaign withholds itself from its holdout. Of a campaign's codes the one that gives most stays,
 * a code of the wallet before one for everybody.
 */
export function eligible(facts: Facts, hasOrder: boolean, wallet: ReadonlySet<string>): Eligible[] {
  const best = new Map<string, Eligible>();
  if (facts.customer?.blocked === true) return [];
  for (const redeemable of facts.redeemables) {
    const { code, voucher, campaign } = redeemable;
    // A gift card is the customer's own money, nothing to be offered.
    if (voucher === null || campaign === null || voucher.kind === "gift_card") continue;
    if (facts.customer !== null && isWithheld(campaign, facts.customer)) continue;
    const discountAmount = hasOrder ? discountOn(facts, redeemable) : null;
    if (hasOrder ? discountAmount === null : !isOpen(facts, voucher, campaign)) continue;
    const found = { campaign, code, inWallet: wallet.has(code), discountAmount };
    const known = best.get(campaign.id);
    if (known === undefined || isBetter(found, known)) best.set(campaign.id, found);
  }
  return [...best.values()];
}

/** By itself, automatic campaigns aside. Null when the code does not apply, or gives nothing. */
function discountOn(facts: Facts, redeemable: Redeemable): number | null {
  const { applicable, discountAmount } = decideCode(facts, redeemable);
  return applicable && discountAmount > 0 ? discountAmount : null;
}

function isOpen(facts: Facts, voucher: VoucherFacts, campaign: CampaignFacts): boolean {
  const counters = countersOf(voucher, campaign, true);
  const reasons = [
    ...voucherReasons(voucher, facts),
    ...campaignReasons(campaign, facts.now),
    ...campaignReasons(campaign.parent, facts.now),
    ...usesReasons(counters, new Tally(), 0),
  ];
  return reasons.length === 0 && counters.every((c) => c.amountMax === null || c.used.discountAmount < c.amountMax);
}

function isBetter(a: Eligible, b: Eligible): boolean {
  const given = (a.discountAmount ?? 0) - (b.discountAmount ?? 0);
  return given > 0 || (given === 0 && a.inWallet && !b.inWallet);
}
