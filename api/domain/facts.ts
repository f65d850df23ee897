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
  /** No paid order before this one. */
  readonly isNew: boolean;
  /** Answers to the history queries of the rules in play, keyed by `historyKey(query)`. */
  readonly history: Readonly<Record<string, number>>;
}

export interface LimitsDefinition {
  readonly redemptionsMax?: number;
  readonly perCustomer?: number;
  readonly perVoucher?: number;
  /** Total discount of the campaign or the voucher. */
  readonly discountAmountMax?: number;
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
  readonly customerUsage: Usage;
}

export interface CampaignFacts extends MainCampaignFacts {
  readonly name: string;
  readonly parent: MainCampaignFacts;
  readonly currency: string;
  readonly rewards: readonly Reward[];
  readonly stacking: Stacking;
  readonly holdoutPercent: number;
  readonly holdoutCodes: boolean;
  /** The campaign's wall clock at `now`: "HH:MM" and 0 (Sunday) to 6. */
  readonly localTime: string;
  readonly localWeekday: number;
}

export interface VoucherFacts {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly kind: "unique" | "generic";
  readonly status: "created" | "distributed" | "redeemed" | "disabled";
  readonly redemptionsMax: number | null;
  readonly assignedTo: string | null;
  readonly startsAt: number | null;
  readonly expiresAt: number | null;
  readonly limits: LimitsDefinition;
  readonly rules: Rule | null;
  readonly usage: Usage;
  readonly customerUsage: Usage;
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
  readonly voucherId: string;
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
  readonly appliedBefore: readonly AppliedBefore[];
}
