/**
 * What a sub-campaign gives, as it is stored and sent: `api.md`, "Reward". Each has an optional condition of its own
 * (`when`). Money in minor units, percents in basis points.
 */
import type { Rule } from "../rules/rule.ts";

/** Exactly one of the three. */
export interface Value {
  /** 1 to 10000. */
  readonly percent_bp?: number;
  /** Off. For an item discount: off each discounted unit. */
  readonly amount?: number;
  /** To pay instead: of the whole order, of each discounted unit, of shipping. */
  readonly fixed_amount?: number;
}

/**
 * The value from this order amount on: of the lines that the campaign does not exclude, before discounts. Of several
 * tiers the highest that is reached holds.
 */
interface DiscountTier extends Value {
  readonly from_amount: number;
}

interface Conditional {
  readonly when?: Rule;
}

/** A value, or instead of it `tiers`; never both. */
export interface Discount extends Value, Conditional {
  readonly tiers?: readonly DiscountTier[];
  /** The most this reward gives in one order. */
  readonly max_amount?: number;
}

export interface OrderDiscount extends Discount {
  readonly type: "order_discount";
}

export interface ItemDiscount extends Discount {
  readonly type: "item_discount";
  readonly which: "all" | "cheapest" | "most_expensive" | "nth";
  /** For `nth`: every n-th unit, counted over matching units from the most expensive down. */
  readonly n?: number;
  readonly where?: Rule;
  /** At most so many units are discounted. */
  readonly max_quantity?: number;
}

export interface ShippingDiscount extends Discount {
  readonly type: "shipping_discount";
}

/**
 * For every `buy.quantity` units that match `buy.where` (the dearest first), `get.quantity` units that match
 * `get.where` (the cheapest first) get `get.percent_bp` off; the last time as many as there are. A unit counts once,
 * as bought or as got.
 */
export interface BuyXGetY extends Conditional {
  readonly type: "buy_x_get_y";
  readonly buy: { readonly where?: Rule; readonly quantity: number };
  readonly get: { readonly where?: Rule; readonly quantity: number; readonly percent_bp: number };
  /** How often it applies in one order. */
  readonly max_times?: number;
  readonly max_amount?: number;
}

/**
 * All components together for `fixed_amount`, as often as the order has them and that saves something, dearest units
 * first.
 */
export interface Bundle extends Conditional {
  readonly type: "bundle";
  readonly items: readonly { readonly where: Rule; readonly quantity: number }[];
  readonly fixed_amount: number;
  readonly max_times?: number;
  readonly max_amount?: number;
}

/** Units in the order become free (the first lines of that SKU); what is not in it is named, for the shop to add. */
export interface FreeItem extends Conditional {
  readonly type: "free_item";
  readonly item: {
    readonly sku: string;
    readonly product_id?: string;
    readonly name?: string;
    /** Default 1. */
    readonly quantity?: number;
  };
}

/** `points` fixed; or `points` (default 1) for each full `per_amount` that is left to pay of the lines; or tiers. */
export interface Points extends Conditional {
  readonly type: "points";
  readonly points?: number;
  readonly per_amount?: number;
  readonly tiers?: readonly { readonly from_amount: number; readonly points: number }[];
  readonly max_points?: number;
  readonly expires_in_days?: number;
}

/** A new unique voucher of that campaign, for this customer. */
export interface NewVoucher extends Conditional {
  readonly type: "voucher";
  readonly campaign_id: string;
}

export interface PoolVoucher extends Conditional {
  readonly type: "pool_voucher";
  readonly pool_id: string;
}

/** Credit on the customer's gift card of that campaign; stored rewards always name it. */
export interface GiftCredit extends Conditional {
  readonly type: "gift_credit";
  readonly amount: number;
  readonly campaign_id?: string;
}

export type Reward =
  | OrderDiscount
  | ItemDiscount
  | ShippingDiscount
  | BuyXGetY
  | Bundle
  | FreeItem
  | Points
  | NewVoucher
  | PoolVoucher
  | GiftCredit;
