/**
 * What a decision looks at: plain data, gathered by one read, complete. `decide` sees nothing else,
 * so the same facts always give the same decision.
 *
 * Units: money in integer minor units of `order.currency`; percents in basis points; instants as epoch milliseconds.
 */
import type { Reward } from "./rewards/reward.ts";
import type { Rule } from "./rules/rule.ts";

export interface OrderItem {
  readonly sku: string;
  readonly productId: string | null;
  readonly name: string | null;
  /** Whole units, at least 1. */
  readonly quantity: number;
  readonly unitAmount: number;
  /** What one unit costs the shop, where it says so. Nothing is decided by it: it goes through to the reports. */
  readonly unitCostAmount?: number;
  /** Of one unit, in grams. */
  readonly weight: number | null;
  readonly categories: readonly string[];
  readonly attributes: Readonly<Record<string, Scalar>>;
}

export type Scalar = string | number | boolean;

export interface OrderFacts {
  readonly id: string | null;
  readonly currency: string;
  readonly items: readonly OrderItem[];
  readonly shippingAmount: number;
  /** What the shop says the items sum to; compared with the lines when present. */
  readonly statedAmount: number | null;
  readonly channel: string | null;
  readonly storeId: string | null;
  readonly paymentMethod: string | null;
  /** Where the shopper is, degrees WGS 84. */
  readonly location: { readonly lat: number; readonly lon: number } | null;
  readonly metadata: Readonly<Record<string, Scalar>>;
}

/** A sum over paid orders or a count of custom events that a rule asks for; `windowDays` null means all time. */
export interface HistoryQuery {
  readonly on: "customer.orders_count" | "customer.orders_amount" | "events.count";
  readonly name: string | null;
  readonly windowDays: number | null;
}

export interface CustomerFacts {
  readonly identifier: string;
  /** Null for an identifier that was never seen before. */
  readonly id: string | null;
  readonly blocked: boolean;
  readonly attributes: Readonly<Record<string, Scalar | readonly string[]>>;
  readonly tags: Readonly<Record<string, readonly string[]>>;
  readonly metadata: Readonly<Record<string, Scalar>>;
  readonly createdAt: number | null;
  /** "YYYY-MM-DD". */
  readonly birthday: string | null;
  /** No campaign is offered to them, so that what all campaigns cause together can be measured. */
  readonly inGlobalHoldout: boolean;
  /** No paid order before this one. */
  readonly isNew: boolean;
  /** Names of the segments the customer is in. */
  readonly segments: readonly string[];
  /** What the points account holds. */
  readonly points: number;
  /** Answers to the history queries of the rules in play, keyed by `historyKey(query)`. */
  readonly history: Readonly<Record<string, number>>;
}

export type Period = "hour" | "day" | "week" | "month" | "quarter" | "year";

/** What may be used in one period of the campaign's time zone: by everybody together, or by each customer. */
export interface PeriodLimit {
  readonly period: Period;
  readonly per: "all" | "customer";
  readonly redemptionsMax?: number;
  readonly discountAmountMax?: number;
}

export interface LimitsDefinition {
  readonly redemptionsMax?: number;
  readonly perCustomer?: number;
  readonly perVoucher?: number;
  readonly perPeriod?: readonly PeriodLimit[];
  /** Total discount of the campaign or the voucher. */
  readonly discountAmountMax?: number;
  readonly discountAmountMaxPerCustomer?: number;
  /** Total value of the orders it was used on, before discounts. Of campaigns only. */
  readonly ordersAmountMax?: number;
  /** A cap on what it gives in one order: the discount is reduced to it. */
  readonly discountAmountMaxPerOrder?: number;
}

export interface Stacking {
  readonly exclusive?: boolean;
  readonly group?: string;
  readonly order?: number;
  readonly maxPerOrder?: number;
}

export interface Usage {
  readonly redemptionsCount: number;
  readonly discountAmount: number;
}

/** A period limit with the bucket that `now` falls in ("day 2026-11-23") and what was used in it. */
export interface PeriodFacts {
  readonly limit: PeriodLimit;
  readonly bucket: string;
  readonly usage: Usage;
}

/** Products that a campaign never discounts and whose lines its rewards do not see. */
export interface Exclusions {
  readonly skus?: readonly string[];
  readonly productIds?: readonly string[];
  readonly categories?: readonly string[];
}

/** What a partial rollback does to the rest of a redemption: `domain/rollback.ts`. */
export type OnRollback = "keep" | "recalculate" | "revoke";

type CampaignStatus = "draft" | "active" | "paused" | "archived";

/** A main campaign: the container whose budget and count all its children share. */
export interface MainCampaignFacts {
  readonly id: string;
  readonly version: number;
  readonly status: CampaignStatus;
  readonly startsAt: number | null;
  readonly endsAt: number | null;
  readonly budgetAmount: number | null;
  readonly budgetPolicy: "refuse" | "trim";
  readonly redemptionsMax: number | null;
  readonly limits: LimitsDefinition;
  readonly rules: Rule | null;
  readonly usage: Usage;
  /** Σ of the values of the orders it was used on. */
  readonly ordersAmount: number;
  readonly customerUsage: Usage;
  /** One entry a limit of `limits.perPeriod`, in that order; those per customer are absent for a guest. */
  readonly periods: readonly PeriodFacts[];
}

export interface CampaignFacts extends MainCampaignFacts {
  readonly name: string;
  readonly parent: MainCampaignFacts;
  readonly template: "discount" | "loyalty" | "gift_card" | "referral";
  /** Applies without a code, whenever it fits. */
  readonly automatic: boolean;
  readonly currency: string;
  readonly rewards: readonly Reward[];
  /** What the referrer gets when a friend uses their code. */
  readonly referrerRewards: readonly Reward[];
  readonly exclusions: Exclusions;
  readonly onRollback: OnRollback;
  /** Points one use costs, unless the voucher was paid for when it was obtained. */
  readonly pointsPrice: number | null;
  readonly stacking: Stacking;
  readonly holdoutPercent: number;
  readonly holdoutCodes: boolean;
  /** The campaign's wall clock at `now`: "HH:MM", 0 (Sunday) to 6, "YYYY-MM-DD". */
  readonly localTime: string;
  readonly localWeekday: number;
  readonly localDate: string;
}

export interface VoucherFacts {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly kind: "unique" | "generic" | "gift_card";
  readonly status: "created" | "distributed" | "redeemed" | "disabled";
  readonly redemptionsMax: number | null;
  readonly assignedTo: string | null;
  /** What a gift card holds; null for other kinds. */
  readonly balanceAmount: number | null;
  /** The customer whose referral code it is. */
  readonly referrerId: string | null;
  /** Its price in points is paid. */
  readonly pointsPaid: boolean;
  readonly startsAt: number | null;
  readonly expiresAt: number | null;
  readonly limits: LimitsDefinition;
  readonly rules: Rule | null;
  readonly usage: Usage;
  readonly customerUsage: Usage;
  readonly periods: readonly PeriodFacts[];
}

/** One code of the request, in the order given. `voucher` is null when no such code exists. */
export interface Redeemable {
  readonly code: string;
  readonly voucher: VoucherFacts | null;
  readonly campaign: CampaignFacts | null;
}

/** A code that an earlier, live redemption of the same order.id already used. */
export interface AppliedBefore {
  readonly redemptionId: string;
  /** Null for an automatic campaign. */
  readonly voucherId: string | null;
  /** Held by a reservation that has not been confirmed yet. */
  readonly held: boolean;
  /** A way to pay, and so no promotion that others would have to get along with. */
  readonly isGiftCard: boolean;
  readonly campaignId: string;
  /** The main campaign, whose cap per order its children share. */
  readonly parentId: string;
  readonly stacking: Stacking;
  readonly discountAmount: number;
  /** One entry a line of the order as it was then. */
  readonly itemsDiscount: readonly number[];
  readonly shippingDiscount: number;
}

export interface Facts {
  readonly now: number;
  readonly order: OrderFacts;
  readonly customer: CustomerFacts | null;
  readonly redeemables: readonly Redeemable[];
  /** Automatic campaigns that might apply, ordered by id. */
  readonly automatic: readonly CampaignFacts[];
  readonly appliedBefore: readonly AppliedBefore[];
  /** Codes left in the pools that rewards in play draw from, by pool id. */
  readonly pools: Readonly<Record<string, number>>;
  /** What the shopper reads, best first: "de-AT", "de", "en". Chooses among the messages of a rule. */
  readonly languages: readonly string[];
}
