import { splitByLargestRemainder, sum } from "../money.ts";
import type { Basket } from "./basket.ts";
import type { OrderDiscount } from "./reward.ts";
import { capped, discountOn, valueFor } from "./value.ts";

/** Over the whole order, shipping aside: each line bears its part by what is left of it. */
export function orderDiscount(reward: OrderDiscount, basket: Basket): number[] {
  const value = valueFor(reward, basket.amount);
  const discount = value === null ? 0 : capped(discountOn(value, sum(basket.left), 1), reward);
  return splitByLargestRemainder(discount, basket.left);
}
