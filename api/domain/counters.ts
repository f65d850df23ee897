/** The counters that a code draws on: what each allows, and under which name it says no. One list serves checks and takes. */
import type { Take } from "./decision.ts";
import type { CampaignFacts, LimitsDefinition, MainCampaignFacts, Usage, VoucherFacts } from "./facts.ts";
import type { ReasonKey } from "./reason.ts";

type CounterTarget =
  | {
      readonly kind: "campaign";
      readonly campaignId: string;
      readonly orders: number;
      readonly ordersMax: number | null;
    }
  | { readonly kind: "voucher"; readonly voucherId: string; readonly code: string; readonly balance: number }
  | { readonly kind: "customer"; readonly scope: "campaign" | "voucher"; readonly scopeId: string };

export interface Counter {
  /** Orders takes as they must be locked: see `Take`. */
  readonly sortKey: string;
  readonly target: CounterTarget;
  readonly used: Usage;
  readonly usesMax: number | null;
  readonly amountMax: number | null;
  /** Whether a discount that does not fit is reduced (`trim`) rather than refused. */
  readonly trims: boolean;
  readonly usesReason: ReasonKey;
  readonly amountReason: ReasonKey;
}

/** Each limit may be spelled in two places; the smaller one holds. */
function smallest(...limits: readonly (number | null | undefined)[]): number | null {
  const given = limits.filter((limit) => limit !== null && limit !== undefined);
  return given.length === 0 ? null : Math.min(...given);
}

/** Counted for a known customer even without a limit, so that a limit set later knows the past. */
export function countersOf(voucher: VoucherFacts, campaign: CampaignFacts, hasCustomer: boolean): Counter[] {
  const shared = [
    campaignCounter("1", campaign.parent),
    campaignCounter("2", campaign),
    voucherCounter(voucher, campaign),
  ];
  if (!hasCustomer) return shared;
  return [
    ...shared,
    customerCounter("campaign", campaign.parent.id, campaign.parent.customerUsage, campaign.parent.limits),
    customerCounter("campaign", campaign.id, campaign.customerUsage, campaign.limits),
    customerCounter("voucher", voucher.id, voucher.customerUsage, voucher.limits),
  ];
}

function campaignCounter(rank: string, campaign: MainCampaignFacts): Counter {
  return {
    sortKey: `${rank}:${campaign.id}`,
    target: { kind: "campaign", campaignId: campaign.id, orders: 0, ordersMax: null },
    used: campaign.usage,
    usesMax: smallest(campaign.redemptionsMax, campaign.limits.redemptionsMax),
    amountMax: smallest(campaign.budgetAmount, campaign.limits.discountAmountMax),
    trims: campaign.budgetPolicy === "trim",
    usesReason: "campaign_redemptions_reached",
    amountReason: "campaign_budget_reached",
  };
}

/** A voucher has no budget policy of its own: it follows its campaign's. */
function voucherCounter(voucher: VoucherFacts, campaign: CampaignFacts): Counter {
  const own = smallest(voucher.redemptionsMax, voucher.limits.redemptionsMax);
  // A unique code is for one use unless it says otherwise.
  const ownOrDefault = own ?? (voucher.kind === "unique" ? 1 : null);
  return {
    sortKey: `3:${voucher.code}`,
    target: { kind: "voucher", voucherId: voucher.id, code: voucher.code, balance: 0 },
    used: voucher.usage,
    usesMax: smallest(ownOrDefault, campaign.limits.perVoucher, campaign.parent.limits.perVoucher),
    amountMax: voucher.limits.discountAmountMax ?? null,
    trims: campaign.budgetPolicy === "trim",
    usesReason: "voucher_no_uses_left",
    amountReason: "voucher_budget_reached",
  };
}

function customerCounter(
  scope: "campaign" | "voucher",
  scopeId: string,
  used: Usage,
  limits: LimitsDefinition,
): Counter {
  return {
    sortKey: `4:${scope}:${scopeId}`,
    target: { kind: "customer", scope, scopeId },
    used,
    usesMax: limits.perCustomer ?? null,
    amountMax: null,
    trims: false,
    usesReason: "customer_limit_reached",
    amountReason: "customer_limit_reached",
  };
}

/** What the codes accepted so far in this request take, on top of what was used before it. */
export class Tally {
  readonly #taken = new Map<string, { counter: Counter; uses: number; amount: number }>();

  usesOf(counter: Counter): number {
    return counter.used.redemptionsCount + (this.#taken.get(counter.sortKey)?.uses ?? 0);
  }

  amountOf(counter: Counter): number {
    return counter.used.discountAmount + (this.#taken.get(counter.sortKey)?.amount ?? 0);
  }

  /** One more use of each counter, of so much discount. */
  take(counters: readonly Counter[], amount: number): void {
    for (const counter of counters) {
      const before = this.#taken.get(counter.sortKey);
      const uses = (before?.uses ?? 0) + 1;
      this.#taken.set(counter.sortKey, { counter, uses, amount: (before?.amount ?? 0) + amount });
    }
  }

  /** In lock order: by kind, then by id, compared by code unit as Postgres' "C" collation compares ASCII. */
  takes(): Take[] {
    const entries = [...this.#taken.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return entries.map(([, { counter, uses, amount }]) => ({
      ...counter.target,
      uses,
      amount,
      usesMax: counter.usesMax,
      amountMax: counter.amountMax,
    }));
  }
}
