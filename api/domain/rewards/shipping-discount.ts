import type { Basket } from "./basket.ts";
import type { ShippingDiscount } from "./reward.ts";
import { capped, discountOn, valueFor } from "./value.ts";

/** Of what is left to pay for shipping. Tiers look at the order, not at what shipping costs. */
export function shippingDiscount(reward: ShippingDiscount, basket: Basket): number {
  const value = valueFor(reward, basket.amount);
  return value === null ? 0 : capped(discountOn(value, basket.shippingLeft, 1), reward);
}
