/**
 * Made-up abuse to judge the anomaly model with, since nobody has labelled any: real redemptions with one thing turned
 * into what fraud looks like. It measures whether such things would stand out, not how often they happen.
 */
import { riskFeatures } from "../features/risk.ts";
import type { Example } from "../training/examples.ts";
import { seeded } from "../training/random.ts";

type Vector = Record<string, number>;

const kinds: readonly ((row: Vector) => Vector)[] = [
  // A burst of redemptions by one customer.
  () => ({ redemptions_last_hour: 8, redemptions_last_day: 15, days_since_last_redemption: 60 / 86_400 }),
  // Codes tried until one works.
  () => ({ rejections_last_hour: 12 }),
  // A basket twenty times as dear.
  (row) => ({
    order_amount: (row.order_amount ?? 0) * 20,
    max_unit_amount: (row.max_unit_amount ?? 0) * 20,
    discount_share: (row.discount_share ?? 0) / 20,
  }),
  // Nearly everything paid by the discount.
  (row) => ({ discount_amount: (row.order_amount ?? 0) * 0.98, discount_share: 0.98 }),
  // Bought to resell.
  (row) => ({ items_quantity: (row.items_quantity ?? 0) * 40, order_amount: (row.order_amount ?? 0) * 40 }),
];

/** As many rows as given, each changed in one of the ways, which the seed picks. */
export function disguise(examples: readonly Example[], seed: number): Example[] {
  const random = seeded(seed);
  return examples.map((example) => {
    const row = Object.fromEntries(riskFeatures.features.map(({ name }, at) => [name, example.features[at] ?? 0]));
    const change = kinds[Math.floor(random() * kinds.length)]?.(row) ?? {};
    return { ...example, features: riskFeatures.features.map(({ name }) => change[name] ?? row[name] ?? 0) };
  });
}
