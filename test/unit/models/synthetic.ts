/** Rows with a known law behind them, made by a seed. */
import { personalisationFeatures } from "../../../models/features/personalisation.ts";
import { riskFeatures } from "../../../models/features/risk.ts";
import type { Example } from "../../../models/training/examples.ts";
import { seeded } from "../../../models/training/random.ts";

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);

/** Customers who redeemed before redeem again: the law that the model should find. */
export function offerExamples(count: number, seed = 1): Example[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const rate = random() ** 2;
    const orders = Math.floor(random() * 30);
    const known: Record<string, number> = {
      tenure_days: random() * 400,
      orders_count: orders,
      orders_amount: orders * 2500,
      redemption_rate: rate,
      days_since_last_order: random() * 60,
    };
    const probability = 1 / (1 + Math.exp(-(6 * rate + (orders > 15 ? 1 : 0) - 4)));
    return {
      at: start + index * hour,
      label: random() < probability ? 1 : 0,
      features: personalisationFeatures.features.map((feature) => known[feature.name] ?? feature.default),
    };
  });
}

/** Baskets of 20 to 60, a discount of about a tenth, one code, by day. */
export function riskExamples(count: number, seed = 2): Example[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const lines = 1 + Math.floor(random() * 6);
    const amount = lines * (600 + Math.floor(random() * 400));
    const share = 0.05 + random() * 0.1;
    const angle = ((8 + Math.floor(random() * 12)) * Math.PI) / 12;
    const known: Record<string, number> = {
      order_amount: amount,
      discount_amount: Math.round(amount * share),
      discount_share: share,
      lines_count: lines,
      items_quantity: lines + Math.floor(random() * 3),
      max_unit_amount: 600 + Math.floor(random() * 400),
      codes_count: 1,
      hour_sin: Math.sin(angle),
      hour_cos: Math.cos(angle),
      days_since_last_redemption: 5 + random() * 60,
    };
    return {
      at: start + index * hour,
      label: 0,
      features: riskFeatures.features.map((feature) => known[feature.name] ?? 0),
    };
  });
}
