/** The facts of a redemption, for judging again what is left of its order after a partial return. */
import type { CampaignFacts, Facts, LimitsDefinition, MainCampaignFacts, Usage, VoucherFacts } from "./facts.ts";

const unused: Usage = { redemptionsCount: 0, discountAmount: 0 };

/**
 * The same facts with so many units of each line; lines without any are gone. Only rules and rewards are judged again:
 * limits, budgets, windows, holdouts and prices in points were met then, and stay met. Gift cards are left out, for they
 * pay after everything else and change nothing for the other codes.
 */
export function factsOfRest(facts: Facts, quantities: readonly number[]): Facts {
  const items = facts.order.items.flatMap((item, line) => {
    const quantity = quantities[line] ?? 0;
    return quantity > 0 ? [{ ...item, quantity }] : [];
  });
  return {
    ...facts,
    order: { ...facts.order, items, statedAmount: null },
    customer: facts.customer === null ? null : { ...facts.customer, blocked: false, inGlobalHoldout: false },
    redeemables: facts.redeemables
      .filter(({ voucher }) => voucher?.kind !== "gift_card")
      .map(({ code, voucher, campaign }) => ({
        code,
        voucher: voucher && unlimitedVoucher(voucher),
        campaign: campaign && unlimited(campaign),
      })),
    automatic: facts.automatic.map(unlimited),
  };
}

function unlimited(campaign: CampaignFacts): CampaignFacts {
  return {
    ...unlimitedMain(campaign),
    parent: unlimitedMain(campaign.parent),
    pointsPrice: null,
    holdoutPercent: 0,
  };
}

function unlimitedMain<T extends MainCampaignFacts>(campaign: T): T {
  return {
    ...campaign,
    status: "active",
    startsAt: null,
    endsAt: null,
    budgetAmount: null,
    redemptionsMax: null,
    limits: perOrder(campaign.limits),
    usage: unused,
    ordersAmount: 0,
    customerUsage: unused,
    periods: [],
  };
}

function unlimitedVoucher(voucher: VoucherFacts): VoucherFacts {
  return {
    ...voucher,
    status: "created",
    startsAt: null,
    expiresAt: null,
    redemptionsMax: null,
    limits: perOrder(voucher.limits),
    usage: unused,
    customerUsage: unused,
    periods: [],
  };
}

/** The cap of one order says what the code gives, as its rewards do. */
function perOrder({ discountAmountMaxPerOrder: max }: LimitsDefinition): LimitsDefinition {
  return max === undefined ? {} : { discountAmountMaxPerOrder: max };
}
