import { splitByLargestRemainder, sum } from "../money.ts";
import { type Basket, matchingLines } from "./basket.ts";
import { bundleTimes, bundleUnits, type Components } from "./bundle-units.ts";
import type { Bundle } from "./reward.ts";
import { byUnitAmount, costOf } from "./units.ts";
import { capped } from "./value.ts";

/**
 * As often as the order has all components, up to `max_times`, and as long as another bundle still saves something:
 * one that costs more than its units would make the whole dearer.
 */
export function bundle(reward: Bundle, basket: Basket): number[] {
  const { items } = basket.context.order;
  const components = componentsOf(reward, basket);
  const timesMax = Math.min(bundleTimes(components), reward.max_times ?? Number.MAX_SAFE_INTEGER);
  if (timesMax === 0) return new Array<number>(items.length).fill(0);
  const dearestFirst = byUnitAmount(
    items,
    components.fits.map((fit) => fit !== 0),
    "dearest",
  );
  const tried = new Map<number, Bundled>();
  const bundled = (times: number): Bundled => {
    let made = tried.get(times);
    if (made === undefined) {
      const costs = costOf(bundleUnits(components, times, dearestFirst), basket);
      made = { costs, saving: sum(costs) - times * reward.fixed_amount };
      tried.set(times, made);
    }
    return made;
  };
  const { costs, saving } = bundled(mostSaving(timesMax, (times) => bundled(times).saving));
  return splitByLargestRemainder(capped(Math.max(0, saving), reward), costs);
}

interface Bundled {
  /** What the chosen units of each line still cost. */
  readonly costs: readonly number[];
  /** Against the fixed amount; below zero where bundles cost more than their units. */
  readonly saving: number;
}

function componentsOf(reward: Bundle, basket: Basket): Components {
  const { items } = basket.context.order;
  const fits = new Array<number>(items.length).fill(0);
  for (const [index, { where }] of reward.items.entries()) {
    for (const [line, matches] of matchingLines(where, basket).entries()) {
      if (matches) fits[line] = (fits[line] ?? 0) | (1 << index);
    }
  }
  return { fits, quantities: reward.items.map(({ quantity }) => quantity), units: items.map((item) => item.quantity) };
}

/**
 * The dearest bundles come first, so each saves at most what the one before it saved: a search by halves finds the last
 * that saves. Earlier discounts on dear units can bend this; then it saves less than it could, but never costs more.
 */
function mostSaving(timesMax: number, savingOf: (times: number) => number): number {
  const saves = (times: number): boolean => savingOf(times) > savingOf(times - 1);
  if (saves(timesMax)) return timesMax;
  let last = 0;
  let not = timesMax;
  while (not - last > 1) {
    const middle = Math.floor((last + not) / 2);
    if (saves(middle)) last = middle;
    else not = middle;
  }
  return last;
}
