/** What the model of effects knows of a customer and a campaign: of the personalisation features those that hold without a visit. */
import { featureSet } from "./feature.ts";
import { type OfferInput, personalisationFeatures } from "./personalisation.ts";

/**
 * An effect is learnt from everybody whom a campaign might have reached, whether or not they came: nothing of a basket, an
 * hour or a publication, and nothing of the campaign's own redemptions, which have not begun when the arms part.
 */
const names: ReadonlySet<string> = new Set([
  "tenure_days",
  "orders_count",
  "orders_amount",
  "basket_average",
  "days_since_last_order",
  "orders_90d",
  "publications_count",
  "redemptions_count",
  "redemption_rate",
  "redemptions_90d",
  "redemptions_discount_amount",
  "days_since_last_redemption",
  "discounted_order_share",
  "customer_main_redemption_rate",
  "main_redemption_rate",
  "template_redemption_rate",
  "is_loyalty",
]);

export const upliftFeatures = featureSet<OfferInput>(
  "uplift",
  personalisationFeatures.features.filter(({ name }) => names.has(name)),
);
