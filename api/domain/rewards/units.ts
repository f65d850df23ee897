/** Some units of some lines, and what a discount on them means line by line. No loop ever runs over single units. */
import type { OrderItem } from "../facts.ts";
import { percentOf, proportionOf, splitByLargestRemainder, sum } from "../money.ts";
import type { Basket } from "./basket.ts";
import { capped } from "./value.ts";

/** Indexes of the lines that match, from the dearest unit down, or from the cheapest up; ties by position. */
export function byUnitAmount(
  items: readonly OrderItem[],
  matches: readonly boolean[],
  first: "dearest" | "cheapest",
): number[] {
  const sign = first === "dearest" ? -1 : 1;
  const lines: number[] = [];
  for (let line = 0; line < items.length; line += 1) if (matches[line] === true) lines.push(line);
  const priceOf = (line: number): number => items[line]?.unitAmount ?? 0;
  return lines.sort((a, b) => sign * (priceOf(a) - priceOf(b)) || a - b);
}

/** What so many units of each line still cost: their proportion of what earlier discounts have left of the line. */
export function costOf(units: readonly number[], basket: Basket): number[] {
  return basket.context.order.items.map((item, line) => {
    const count = units[line] ?? 0;
    return count === 0 ? 0 : proportionOf(basket.left[line] ?? 0, count, item.quantity);
  });
}

/** A percent of those units: rounded once, capped, and split by what they still cost. */
export function percentOffUnits(
  units: readonly number[],
  percentBp: number,
  reward: { readonly max_amount?: number },
  basket: Basket,
): number[] {
  const costs = costOf(units, basket);
  return splitByLargestRemainder(capped(percentOf(sum(costs), percentBp), reward), costs);
}

/** Σ of the quantities of the lines that match. */
export function countUnits(items: readonly OrderItem[], matches: readonly boolean[]): number {
  let units = 0;
  for (let line = 0; line < items.length; line += 1) if (matches[line] === true) units += items[line]?.quantity ?? 0;
  return units;
}
