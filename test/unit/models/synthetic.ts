/** Rows with a known law behind them, made by a seed, and the inputs of requests like them. */
import { type OfferInput, personalisationFeatures } from "../../../models/features/personalisation.ts";
import { type RiskInput, riskFeatures } from "../../../models/features/risk.ts";
import { nothingKnown } from "../../../models/features/signals/measures.ts";
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
      id: `offer-${index}`,
      at: start + index * hour,
      label: random() < probability ? 1 : 0,
      features: personalisationFeatures.features.map((feature) => known[feature.name] ?? feature.default),
    };
  });
}

/** A shopper of a few lines, a discount of about a tenth, one code, by day, who was here some weeks ago. */
export function riskExamples(count: number, seed = 2): Example[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const lines = 1 + Math.floor(random() * 6);
    const angle = ((8 + Math.floor(random() * 12)) * Math.PI) / 12;
    const known: Record<string, number> = {
      discount_share: 0.05 + random() * 0.1,
      lines_count: lines,
      items_quantity: lines + Math.floor(random() * 3),
      codes_count: 1,
      hour_sin: Math.sin(angle),
      hour_cos: Math.cos(angle),
      account_age_days: 10 + random() * 300,
      basket_to_shop: (random() - 0.5) * 1.5,
      basket_to_campaign: (random() - 0.5) * 1.5,
      customer_redeemed_7d: random() < 0.1 ? 1 : 0,
      customer_days_since_last: 5 + random() * 60,
      device_shoppers_90d: random() < 0.1 ? 2 : 1,
      card_shoppers_90d: 1,
      code_shoppers_hour: random() < 0.1 ? 1 : 0,
    };
    return {
      id: `red-${index}`,
      at: start + index * hour,
      label: 0,
      features: riskFeatures.features.map((feature) => known[feature.name] ?? feature.default),
    };
  });
}

/** A request like the rows of `riskExamples`. */
export const ordinary: RiskInput = {
  orderAmount: 3000,
  discountAmount: 300,
  linesCount: 4,
  itemsQuantity: 5,
  codesCount: 1,
  hourOfDay: 14,
  isGuest: false,
  accountAgeSeconds: 100 * 86_400,
  isSelfReferral: false,
  known: {
    ...nothingKnown,
    ...{ customer_redeemed_hour: 0, customer_redeemed_day: 0, customer_redeemed_7d: 0 },
    ...{ customer_seconds_since_last: 20 * 86_400, device_shoppers_90d: 1, card_shoppers_90d: 1 },
  },
};

export const burst: RiskInput = {
  ...ordinary,
  known: {
    ...ordinary.known,
    ...{ customer_redeemed_hour: 9, customer_redeemed_day: 20, customer_redeemed_7d: 20 },
    customer_seconds_since_last: 30,
  },
};

/** A customer of whom nothing is known, and a campaign of which nothing is. */
export const stranger: OfferInput = {
  tenureSeconds: null,
  ordersCount: 0,
  ordersAmount: 0,
  secondsSinceLastOrder: null,
  orders90dCount: 0,
  publicationsCount: 0,
  redemptionsCount: 0,
  redemptionsDiscountAmount: 0,
  secondsSinceLastRedemption: null,
  redemptionsMadeCount: 0,
  redemptionsMade90dCount: 0,
  redeemedOrdersAmount: 0,
  redeemedDiscountAmount: 0,
  customerMainPublicationsCount: 0,
  customerMainRedemptionsCount: 0,
  campaignPublicationsCount: 0,
  campaignRedemptionsCount: 0,
  campaignDiscountAmount: 0,
  mainPublicationsCount: 0,
  mainRedemptionsCount: 0,
  templatePublicationsCount: 0,
  templateRedemptionsCount: 0,
  projectPublicationsCount: 0,
  projectRedemptionsCount: 0,
  secondsUntilEnd: null,
  template: "coupon",
  secondsSincePublication: null,
  served30dCount: 0,
  basketAmount: null,
  basketDiscountAmount: null,
  basketCategoriesCount: 0,
  basketCategoriesKnownCount: 0,
  hour: null,
  weekday: null,
};

export const regular: OfferInput = {
  ...stranger,
  tenureSeconds: 200 * 86_400,
  ordersCount: 20,
  ordersAmount: 50_000,
  publicationsCount: 100,
  redemptionsCount: 90,
};
