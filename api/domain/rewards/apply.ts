/** What a reward takes off each line of what earlier discounts have left of it. */
import { percentOf, splitByLargestRemainder } from "../money.ts";
import { evaluate } from "../rules/evaluate.ts";
import type { RuleContext } from "../rules/paths.ts";
import { discountedLines } from "./discounted-lines.ts";
import type { ItemDiscount, OrderDiscount, Reward } from "./reward.ts";

/**
 * The discount per line, never above what is `left` of it. Rounded half up once a reward, then split by largest
 * remainder; `max_amount` caps the sum before the split.
 */
export function applyReward(reward: Reward, left: readonly number[], context: RuleContext): number[] {
  return reward.type === "order_discount" ? orderDiscount(reward, left) : itemDiscount(reward, left, context);
}

/** Over the whole order, shipping aside: each line bears its part by what is left of it. */
function orderDiscount(reward: OrderDiscount, left: readonly number[]): number[] {
  const base = sum(left);
  return splitByLargestRemainder(capped(discountOn(reward, base, 1), reward), left);
}

function itemDiscount(reward: ItemDiscount, left: readonly number[], context: RuleContext): number[] {
  const { where } = reward;
  const matches = context.order.items.map((item) => where === undefined || evaluate(where, { ...context, item }).met);
  const lines = discountedLines(reward, context.order.items, matches, left);
  if (reward.percent_bp !== undefined) {
    const weights = spread(lines, left.length, (line) => line.base);
    return splitByLargestRemainder(capped(percentOf(sum(weights), reward.percent_bp), reward), weights);
  }
  const weights = spread(lines, left.length, (line) => discountOn(reward, line.base, line.units));
  return splitByLargestRemainder(capped(sum(weights), reward), weights);
}

/** What `units` that cost `base` together lose; a reward of none of the three kinds gives nothing. */
function discountOn(reward: Reward, base: number, units: number): number {
  if (reward.percent_bp !== undefined) return percentOf(base, reward.percent_bp);
  if (reward.amount !== undefined) return Math.min(base, reward.amount * units);
  return reward.fixed_amount === undefined ? 0 : Math.max(0, base - reward.fixed_amount * units);
}

function capped(discount: number, reward: Reward): number {
  return Math.min(discount, reward.max_amount ?? discount);
}

function spread<T extends { readonly index: number }>(lines: readonly T[], length: number, value: (line: T) => number) {
  const values = new Array<number>(length).fill(0);
  for (const line of lines) values[line.index] = value(line);
  return values;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
