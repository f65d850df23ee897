/** The counters that a code or an automatic campaign draws on: what each allows, and under which name it says no. */
import type { CampaignFacts, LimitsDefinition, MainCampaignFacts, PeriodFacts, Usage, VoucherFacts } from "./facts.ts";
import type { ReasonKey } from "./reason.ts";

type CounterTarget =
  | { readonly kind: "campaign"; readonly campaignId: string }
  | {
      readonly kind: "period";
      readonly scope: "campaign" | "voucher";
      readonly scopeId: string;
      readonly bucket: string;
      readonly perCustomer: boolean;
    }
  | { readonly kind: "voucher"; readonly voucherId: string; readonly code: string }
  | { readonly kind: "customer"; readonly scope: "campaign" | "voucher"; readonly scopeId: string };

export interface Counter {
  /** Orders takes as they must be locked: see `Take`. */
  readonly sortKey: string;
  /** Names it in a trace: "campaign", "parent", "voucher.customer", "campaign.day 2026-11-23" … */
  readonly name: string;
  readonly target: CounterTarget;
  readonly used: Usage;
  readonly usesMax: number | null;
  readonly amountMax: number | null;
  /** Of campaigns: the values of the orders they were used on so far, and together at most. */
  readonly ordersUsed: number;
  readonly ordersMax: number | null;
  /** Whether a discount that does not fit is reduced (`trim`) rather than refused. */
  readonly trims: boolean;
  readonly usesReason: ReasonKey;
  readonly amountReason: ReasonKey;
}

/** Each limit may be spelled in two places; the smaller one holds. */
function smallest(...limits: readonly (number | null | undefined)[]): number | null {
  let least: number | null = null;
  for (const limit of limits) {
    if (limit !== null && limit !== undefined && (least === null || limit < least)) least = limit;
  }
  return least;
}

/**
 * One entry a counter. A known customer is counted even without a limit, so that a limit set later knows the past; a
 * period only where a limit names it. `voucher` is null for an automatic campaign.
 */
export function countersOf(voucher: VoucherFacts | null, campaign: CampaignFacts, hasCustomer: boolean): Counter[] {
  const { parent } = campaign;
  const counters = [campaignCounter("1", "parent", parent), campaignCounter("2", "campaign", campaign)];
  addPeriods(counters, "campaign", parent, "parent", parent.periods, parent.budgetPolicy);
  addPeriods(counters, "campaign", campaign, "campaign", campaign.periods, campaign.budgetPolicy);
  if (voucher !== null) {
    addPeriods(counters, "voucher", voucher, "voucher", voucher.periods, campaign.budgetPolicy);
    counters.push(voucherCounter(voucher, campaign));
  }
  if (!hasCustomer) return counters;
  counters.push(customerCounter("campaign", parent, "parent", parent.budgetPolicy));
  counters.push(customerCounter("campaign", campaign, "campaign", campaign.budgetPolicy));
  if (voucher !== null) counters.push(customerCounter("voucher", voucher, "voucher", campaign.budgetPolicy));
  return counters;
}

/** Whether any limit counts each customer apart, so that a guest cannot be let in. */
export function countsCustomers(voucher: VoucherFacts | null, campaign: CampaignFacts): boolean {
  const owners = voucher === null ? [campaign, campaign.parent] : [campaign, campaign.parent, voucher];
  return owners.some(
    ({ limits }) =>
      limits.perCustomer !== undefined ||
      limits.discountAmountMaxPerCustomer !== undefined ||
      (limits.perPeriod?.some((limit) => limit.per === "customer") ?? false),
  );
}

function campaignCounter(rank: string, name: string, campaign: MainCampaignFacts): Counter {
  return {
    sortKey: `${rank}:${campaign.id}`,
    name,
    target: { kind: "campaign", campaignId: campaign.id },
    used: campaign.usage,
    usesMax: smallest(campaign.redemptionsMax, campaign.limits.redemptionsMax),
    amountMax: smallest(campaign.budgetAmount, campaign.limits.discountAmountMax),
    ordersUsed: campaign.ordersAmount,
    ordersMax: campaign.limits.ordersAmountMax ?? null,
    trims: campaign.budgetPolicy === "trim",
    usesReason: "campaign_redemptions_reached",
    amountReason: "campaign_budget_reached",
  };
}

interface Owner {
  readonly id: string;
  readonly limits: LimitsDefinition;
  readonly customerUsage: Usage;
}

/** Two limits on one period, one of uses and one of money, are one counter with both maxima. */
function addPeriods(
  counters: Counter[],
  scope: "campaign" | "voucher",
  owner: Owner,
  name: string,
  periods: readonly PeriodFacts[],
  policy: "refuse" | "trim",
): void {
  for (const { limit, bucket, usage } of periods) {
    const perCustomer = limit.per === "customer";
    // What everybody shares has no customer, and nothing sorts before every customer.
    const sortKey = `3:${scope}\u0000${owner.id}\u0000${perCustomer ? 1 : 0}\u0000${bucket}`;
    const at = counters.findIndex((counter) => counter.sortKey === sortKey);
    const known = counters[at];
    const maxima = {
      usesMax: smallest(known?.usesMax, limit.redemptionsMax),
      amountMax: smallest(known?.amountMax, limit.discountAmountMax),
    };
    if (known !== undefined) counters[at] = { ...known, ...maxima };
    else {
      counters.push({
        sortKey,
        name: `${name}${perCustomer ? ".customer" : ""}.${bucket}`,
        target: { kind: "period", scope, scopeId: owner.id, bucket, perCustomer },
        used: usage,
        ...maxima,
        ordersUsed: 0,
        ordersMax: null,
        trims: policy === "trim",
        usesReason: "period_limit_reached",
        amountReason: "period_limit_reached",
      });
    }
  }
}

/** A voucher has no budget policy of its own: it follows its campaign's. */
function voucherCounter(voucher: VoucherFacts, campaign: CampaignFacts): Counter {
  const own = smallest(voucher.redemptionsMax, voucher.limits.redemptionsMax);
  // A unique code is for one use unless it says otherwise.
  const ownOrDefault = own ?? (voucher.kind === "unique" ? 1 : null);
  return {
    sortKey: `4:${voucher.code}`,
    name: "voucher",
    target: { kind: "voucher", voucherId: voucher.id, code: voucher.code },
    used: voucher.usage,
    usesMax: smallest(ownOrDefault, campaign.limits.perVoucher, campaign.parent.limits.perVoucher),
    amountMax: voucher.limits.discountAmountMax ?? null,
    ordersUsed: 0,
    ordersMax: null,
    trims: campaign.budgetPolicy === "trim",
    usesReason: "voucher_no_uses_left",
    amountReason: "voucher_budget_reached",
  };
}

function customerCounter(
  scope: "campaign" | "voucher",
  owner: Owner,
  name: string,
  policy: "refuse" | "trim",
): Counter {
  const amountMax = owner.limits.discountAmountMaxPerCustomer ?? null;
  return {
    sortKey: `5:${scope}\u0000${owner.id}`,
    name: `${name}.customer`,
    target: { kind: "customer", scope, scopeId: owner.id },
    used: owner.customerUsage,
    usesMax: owner.limits.perCustomer ?? null,
    amountMax,
    ordersUsed: 0,
    ordersMax: null,
    trims: policy === "trim",
    usesReason: "customer_limit_reached",
    amountReason: "customer_limit_reached",
  };
}
