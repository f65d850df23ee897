/** How much a percent, an amount or a price takes off, with tiers and caps. */
import { percentOf } from "../money.ts";
import type { Discount, Value } from "./reward.ts";

/**
 * The value that holds for an order of this amount: the reward's own, or that of the highest tier reached. Null when
 * it reaches none.
 */
export function valueFor(reward: Discount, orderAmount: number): Value | null {
  return reward.tiers === undefined ? reward : tierFor(reward.tiers, orderAmount);
}

/** The highest tier that the order reaches, wherever it stands in the list. */
export function tierFor<T extends { readonly from_amount: number }>(
  tiers: readonly T[],
  orderAmount: number,
): T | null {
  let best: T | null = null;
  for (const tier of tiers) {
    if (tier.from_amount <= orderAmount && (best === null || tier.from_amount > best.from_amount)) best = tier;
  }
  return best;
}

/**
 * What `units` that cost `base` together lose, at most all of it. A product beyond 2^53 is inexact, and larger than
 * any base all the same.
 */
export function discountOn(value: Value, base: number, units: number): number {
  if (value.percent_bp !== undefined) return percentOf(base, value.percent_bp);
  if (value.amount !== undefined) return Math.min(base, value.amount * units);
  return value.fixed_amount === undefined ? 0 : Math.max(0, base - value.fixed_amount * units);
}

export function capped(discount: number, reward: { readonly max_amount?: number }): number {
  return Math.min(discount, reward.max_amount ?? discount);
}
