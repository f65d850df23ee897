/** What a sub-campaign gives, as it is stored and sent: `api.md`, "Reward". Exactly one of percent_bp, amount, fixed_amount. */
import type { Rule } from "../rules/rule.ts";

interface DiscountValue {
  /** Basis points, 1 to 10000. */
  readonly percent_bp?: number;
  /** Minor units off. For an item discount: off each discounted unit. */
  readonly amount?: number;
  /** Minor units to pay instead: of the whole order, or of each discounted unit. */
  readonly fixed_amount?: number;
  /** The most this reward gives in one order, minor units. */
  readonly max_amount?: number;
  readonly when?: Rule;
}

export interface OrderDiscount extends DiscountValue {
  readonly type: "order_discount";
}

export interface ItemDiscount extends DiscountValue {
  readonly type: "item_discount";
  readonly which: "all" | "cheapest" | "most_expensive" | "nth";
  /** For `nth`: every n-th unit, counted over matching units from the most expensive down. */
  readonly n?: number;
  readonly where?: Rule;
  /** At most so many units are discounted. */
  readonly max_quantity?: number;
}

export type Reward = OrderDiscount | ItemDiscount;
