/** What `decide` concludes. Everything in it is plain data and can be stored. */
import type { FactValue, Reason } from "./reason.ts";
import type { Reward } from "./rewards/reward.ts";
import type { Operand, Operator, SumRule } from "./rules/rule.ts";

/** A node of the evaluation trace: what was asked, what was seen, what was concluded. */
export type Trace =
  | { readonly op: "all" | "any" | "none"; readonly met: boolean; readonly children: readonly Trace[] }
  | {
      readonly op: "items";
      readonly which: string;
      readonly met: boolean;
      readonly matched: number;
      readonly children: readonly Trace[];
    }
  | {
      readonly op: "sum";
      readonly on: SumRule["on"];
      /** How the sum was compared. */
      readonly how: Operator;
      readonly met: boolean;
      readonly matched: number;
      readonly expected: Operand;
      /** Null when a matching line does not say what it weighs. */
      readonly actual: number | null;
      readonly gap?: number;
      readonly children: readonly Trace[];
    }
  | {
      readonly op: Operator;
      readonly on: string;
      readonly met: boolean;
      readonly expected: Operand;
      readonly actual: FactValue;
      readonly gap?: number;
      /** Of a history leaf: which event, and how many days counted. */
      readonly name?: string;
      readonly window_days?: number;
      /** Of a leaf about the customer's segments, when it is answered: never kept. */
      readonly segments?: readonly SegmentAge[];
    };

/** How old the membership of a dynamic segment is. Nulls before its first evaluation. */
export interface SegmentAge {
  readonly segment: string;
  /** Whatever was known of customers then is in it. */
  readonly evaluated_at: string | null;
  readonly age_seconds: number | null;
}

/** What one reward gave. The fields below `discountAmount` are of the types that give something besides money off. */
export interface AppliedReward {
  readonly type: Reward["type"] | "gift_card";
  /** Money off this order, minor units; 0 for rewards that take nothing off it. */
  readonly discountAmount: number;
  /** `points`: how many, and after how many days they expire. */
  readonly points?: number;
  readonly expiresInDays?: number;
  /** `gift_credit`: minor units of credit. */
  readonly amount?: number;
  /** `voucher`, `gift_credit`: the campaign of the voucher or of the card. */
  readonly campaignId?: string;
  /** `pool_voucher`. */
  readonly poolId?: string;
  /** `free_item`: what is given, and how many of it are not in the order yet. */
  readonly item?: { readonly sku: string; readonly productId: string | null; readonly name: string | null };
  readonly quantity?: number;
  readonly missingQuantity?: number;
}

/** Of a code, or of an automatic campaign: then `code` is empty and `voucherId` null. */
export interface CodeDecision {
  readonly code: string;
  readonly voucherId: string | null;
  readonly campaignId: string | null;
  readonly parentId: string | null;
  readonly applicable: boolean;
  readonly discountAmount: number;
  readonly rewards: readonly AppliedReward[];
  /** What the referrer gets, for a referral code. */
  readonly referrerRewards: readonly AppliedReward[];
  readonly reasons: readonly Reason[];
  /** What this code takes off each line; sums with `shippingDiscount` to `discountAmount`. */
  readonly itemsDiscount: readonly number[];
  readonly shippingDiscount: number;
  /** Named rule trees that were evaluated: "campaign", "parent", "voucher", "reward/0" … */
  readonly trace: Readonly<Record<string, Trace>>;
}

export interface Decision {
  readonly valid: boolean;
  /** Σ of the lines, before any discount, without shipping. */
  readonly amount: number;
  readonly discountAmount: number;
  /** What is left to pay: lines and shipping minus all discounts, earlier redemptions of the order included. */
  readonly totalAmount: number;
  /** Per line, the discount of this decision. */
  readonly itemsDiscount: readonly number[];
  readonly shippingDiscount: number;
  readonly codes: readonly CodeDecision[];
  /** Automatic campaigns that apply, in the order in which they were applied. */
  readonly automatic: readonly CodeDecision[];
  /** False when the rules left more choices than were tried: another choice might give the customer more. */
  readonly exhaustive: boolean;
  /** The counters a redemption takes, in the order in which they must be locked. Empty when not valid. */
  readonly takes: readonly Take[];
}

/**
 * One counter to move if that keeps it within its maxima; null means no limit. Lock order: main campaigns by id,
 * sub-campaigns by id, periods, vouchers by code, customer usage by (scope, scope_id), points.
 */
export type Take = {
  readonly uses: number;
  readonly amount: number;
  readonly usesMax: number | null;
  readonly amountMax: number | null;
} & (
  | {
      readonly kind: "campaign";
      readonly campaignId: string;
      /** The order's value, counted once however many codes of the campaign it uses. */
      readonly orders: number;
      readonly ordersMax: number | null;
    }
  | {
      readonly kind: "period";
      readonly scope: "campaign" | "voucher";
      readonly scopeId: string;
      readonly bucket: string;
      readonly perCustomer: boolean;
    }
  | {
      readonly kind: "voucher";
      readonly voucherId: string;
      readonly code: string;
      /** What a gift card pays: its balance falls by it. 0 for other kinds. */
      readonly balance: number;
    }
  | { readonly kind: "customer"; readonly scope: "campaign" | "voucher"; readonly scopeId: string }
  /** `amount` points are spent; `uses` is 0. */
  | { readonly kind: "points" }
);
