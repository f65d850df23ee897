/** Which lines of an order a rule about items looks at, and what they sum to. */
import type { OrderItem } from "../facts.ts";
import type { ItemQuantifier, SumRule } from "./rule.ts";

/** `cheapest` and `most_expensive`: the one line with the lowest or highest unit amount, the first on ties. */
export function linesLookedAt(which: ItemQuantifier, items: readonly OrderItem[]): readonly OrderItem[] {
  if (which !== "cheapest" && which !== "most_expensive") return items;
  const sign = which === "cheapest" ? 1 : -1;
  const [first, ...rest] = items;
  if (first === undefined) return [];
  return [rest.reduce((best, item) => (sign * (item.unitAmount - best.unitAmount) < 0 ? item : best), first)];
}

/** `all` of no lines is not met, for there is nothing to have matched; so with the cheapest of none. */
export function quantifierMet(which: ItemQuantifier, matched: number, lines: number): boolean {
  if (which === "none") return matched === 0;
  if (which === "any") return matched > 0;
  return lines > 0 && matched === lines;
}

/** What one line adds to the sum; null when it does not say what it weighs. */
export function addendOf(on: SumRule["on"], item: OrderItem): number | null {
  if (on === "items.quantity") return item.quantity;
  if (on === "items.amount") return item.quantity * item.unitAmount;
  return item.weight === null ? null : item.quantity * item.weight;
}
