import { percentOf, splitByLargestRemainder, sum } from "../money.ts";
import { type Basket, matchingLines } from "./basket.ts";
import type { ItemDiscount } from "./reward.ts";
import { byUnitAmount, costOf } from "./units.ts";
import { capped, discountOn, valueFor } from "./value.ts";

/** A percent is rounded once over all its units; an amount or a price is exact for each line already. */
export function itemDiscount(reward: ItemDiscount, basket: Basket): number[] {
  const value = valueFor(reward, basket.amount);
  if (value === null) return basket.left.map(() => 0);
  const units = discountedUnits(reward, basket);
  const costs = costOf(units, basket);
  if (value.percent_bp !== undefined) {
    return splitByLargestRemainder(capped(percentOf(sum(costs), value.percent_bp), reward), costs);
  }
  const off = costs.map((cost, line) => discountOn(value, cost, units[line] ?? 0));
  return splitByLargestRemainder(capped(sum(off), reward), off);
}

/**
 * How many units of each line. `all`: every matching unit. `cheapest`, `most_expensive`: one unit of the matching line
 * with the lowest or highest unit amount, more units of that line if `max_quantity` says so. `nth`: every n-th matching
 * unit, counted from the dearest down. `max_quantity` takes from the dearest down. Ties go to the line that comes first.
 */
function discountedUnits(reward: ItemDiscount, basket: Basket): number[] {
  const { items } = basket.context.order;
  const isOneLine = reward.which === "cheapest" || reward.which === "most_expensive";
  const order = byUnitAmount(
    items,
    matchingLines(reward.where, basket),
    reward.which === "cheapest" ? "cheapest" : "dearest",
  );
  const units = new Array<number>(items.length).fill(0);
  let remaining = reward.max_quantity ?? (isOneLine ? 1 : Number.MAX_SAFE_INTEGER);
  let passed = 0;
  for (const line of isOneLine ? order.slice(0, 1) : order) {
    const quantity = items[line]?.quantity ?? 0;
    const eligible = reward.which === "nth" ? everyNth(reward.n ?? 1, passed, quantity) : quantity;
    units[line] = Math.min(eligible, remaining);
    remaining -= units[line];
    passed += quantity;
  }
  return units;
}

/** How many of the units numbered passed + 1 … passed + quantity are multiples of n. */
function everyNth(n: number, passed: number, quantity: number): number {
  return Math.floor((passed + quantity) / n) - Math.floor(passed / n);
}
