/** Which units of which lines an item discount is about. */
import type { OrderItem } from "../facts.ts";
import { proportionOf } from "../money.ts";
import type { ItemDiscount } from "./reward.ts";

export interface DiscountedLine {
  readonly index: number;
  readonly units: number;
  /** What those units still cost after earlier discounts: their proportion of what is left of the line. */
  readonly base: number;
}

/**
 * `all`: every matching unit. `cheapest`, `most_expensive`: one unit of the matching line with the lowest or highest
 * unit amount, more units of that line if `max_quantity` says so. `nth`: every n-th matching unit, counted from the
 * most expensive down. `max_quantity` takes from the most expensive down. Ties go to the line that comes first.
 */
export function discountedLines(
  reward: ItemDiscount,
  items: readonly OrderItem[],
  matches: readonly boolean[],
  left: readonly number[],
): DiscountedLine[] {
  const fromDearest = items
    .map((item, index) => ({ item, index }))
    .filter(({ index }) => matches[index] === true)
    .sort((a, b) => b.item.unitAmount - a.item.unitAmount || a.index - b.index);
  let remaining = reward.max_quantity ?? (isOneLine(reward) ? 1 : Number.MAX_SAFE_INTEGER);
  let passed = 0;
  const chosen: DiscountedLine[] = [];
  for (const { item, index } of isOneLine(reward) ? pickOne(reward, fromDearest) : fromDearest) {
    const eligible = reward.which === "nth" ? everyNth(reward.n ?? 1, passed, item.quantity) : item.quantity;
    const units = Math.min(eligible, remaining);
    passed += item.quantity;
    remaining -= units;
    if (units > 0) chosen.push({ index, units, base: proportionOf(left[index] ?? 0, units, item.quantity) });
  }
  return chosen;
}

function isOneLine(reward: ItemDiscount): boolean {
  return reward.which === "cheapest" || reward.which === "most_expensive";
}

interface Line {
  readonly item: OrderItem;
  readonly index: number;
}

function pickOne(reward: ItemDiscount, fromDearest: readonly Line[]): readonly Line[] {
  if (reward.which === "most_expensive") return fromDearest.slice(0, 1);
  const lowest = fromDearest.at(-1)?.item.unitAmount;
  return fromDearest.filter(({ item }) => item.unitAmount === lowest).slice(0, 1);
}

/** How many of the units numbered passed + 1 … passed + quantity are multiples of n. */
function everyNth(n: number, passed: number, quantity: number): number {
  return Math.floor((passed + quantity) / n) - Math.floor(passed / n);
}
