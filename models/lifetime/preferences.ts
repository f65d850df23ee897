/** What a customer likes, and how engaged they are: figures with a definition, not models. See docs/lifetime.md. */
import type { CustomerRecord, ProjectHabits } from "./histories.ts";

export interface CategoryPreference {
  readonly category: string;
  /** Of the units the customer is expected to buy. */
  readonly share: number;
  /** That share over the project's. */
  readonly lift: number;
}

const preferencesMax = 5;
/** Units of the project's usual basket, and orders with its usual discounts, that are mixed into what a customer did. */
const usualUnits = 5;
const usualOrders = 3;
const seenHalfLifeDays = 30;
const triedHalf = 2;

/** A customer of few units is much like the others; strongest lift first, of what the customer has bought. */
export function preferCategories(record: CustomerRecord, habits: ProjectHabits): CategoryPreference[] {
  const total = [...record.units.values()].reduce((sum, units) => sum + Math.max(0, units), 0);
  return [...record.units]
    .flatMap(([category, units]) => {
      const usual = habits.categories.get(category) ?? 0;
      if (usual <= 0 || units <= 0) return [];
      const share = (units + usualUnits * usual) / (total + usualUnits);
      return [{ category, share, lift: share / usual }];
    })
    .sort((a, b) => b.lift - a.lift || (a.category < b.category ? -1 : 1))
    .slice(0, preferencesMax);
}

/** 1: orders with a discount are as common as with the project's other customers. */
export function preferDiscounts(record: CustomerRecord, habits: ProjectHabits): number | null {
  const usual = habits.discountedShare;
  if (usual <= 0) return null;
  const share =
    (record.ordersCount * record.discountedShare + usualOrders * usual) / (record.ordersCount + usualOrders);
  return share / usual;
}

/** The mean of four parts, each 0 to 1. */
export function measureEngagement(record: CustomerRecord, habits: ProjectHabits, alive: number): number {
  const seen = 0.5 ** (record.daysSinceSeen / seenHalfLifeDays);
  const tried = 1 - 0.5 ** (record.triedCount / triedHalf);
  return (alive + seen + orderRank(record.ordersCount, habits.orderQuantiles) + tried) / 4;
}

/** Share of customers with fewer orders, ties counted half. */
function orderRank(orders: number, quantiles: readonly number[]): number {
  if (quantiles.length === 0) return 0;
  const fewer = quantiles.filter((quantile) => quantile < orders).length;
  const asMany = quantiles.filter((quantile) => quantile === orders).length;
  return (fewer + asMany / 2) / quantiles.length;
}
