/** What `decide` concludes. Everything in it is plain data and can be stored. */
import type { FactValue, Reason } from "./reason.ts";
import type { Operator } from "./rules/rule.ts";

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
      readonly op: Operator;
      readonly on: string;
      readonly met: boolean;
      readonly expected: FactValue;
      readonly actual: FactValue;
      readonly gap?: number;
    };

export interface AppliedReward {
  readonly type: "order_discount" | "item_discount";
  readonly discountAmount: number;
}

export interface CodeDecision {
  readonly code: string;
  readonly voucherId: string | null;
  readonly campaignId: string | null;
  readonly parentId: string | null;
  readonly applicable: boolean;
  readonly discountAmount: number;
  readonly rewards: readonly AppliedReward[];
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
  readonly codes: readonly CodeDecision[];
  /** The counters a redemption takes, in the order in which they must be locked. Empty when not valid. */
  readonly takes: readonly Take[];
}

/**
 * One counter to move by (`uses`, `amount`) if that keeps it within its maxima; null means no limit.
 * Lock order: main campaigns by id, sub-campaigns by id, vouchers by code, customer usage by (scope, scope_id).
 */
export type Take = {
  readonly uses: number;
  readonly amount: number;
  readonly usesMax: number | null;
  readonly amountMax: number | null;
} & (
  | { readonly kind: "campaign"; readonly campaignId: string }
  | { readonly kind: "voucher"; readonly voucherId: string; readonly code: string }
  | { readonly kind: "customer"; readonly scope: "campaign" | "voucher"; readonly scopeId: string }
);
