/** What the personalisation model knows of a customer and a campaign at a moment. */
import { type Feature, featureSet } from "./feature.ts";

/**
 * Everything strictly before the moment. Money in minor units, times in seconds. "Redemptions" leave out those rolled
 * back before the moment; "main" sums over all children of the campaign's main campaign.
 */
export interface OfferInput {
  /** Since the customer was created; null for a customer never seen before. */
  readonly tenureSeconds: number | null;
  /** Orders that were ever paid. */
  readonly ordersCount: number;
  readonly ordersAmount: number;
  readonly secondsSinceLastOrder: number | null;
  readonly publicationsCount: number;
  readonly redemptionsCount: number;
  readonly redemptionsDiscountAmount: number;
  readonly secondsSinceLastRedemption: number | null;
  readonly customerMainPublicationsCount: number;
  readonly customerMainRedemptionsCount: number;
  readonly campaignPublicationsCount: number;
  readonly campaignRedemptionsCount: number;
  readonly campaignDiscountAmount: number;
  readonly mainPublicationsCount: number;
  readonly mainRedemptionsCount: number;
  /** Until the campaign ends, by its newest definition; null for one without an end. */
  readonly secondsUntilEnd: number | null;
}

/** Rates start from one redemption in twenty publications, so that a campaign's first days say little. */
const ratePrior = { redemptions: 1, publications: 20 } as const;

export function smoothedRate(redemptions: number, publications: number): number {
  return (redemptions + ratePrior.redemptions) / (publications + ratePrior.publications);
}

const day = 86_400;
const rateSql = (redemptions: string, publications: string) =>
  `(${redemptions} + ${ratePrior.redemptions}) / (${publications} + ${ratePrior.publications})`;

/** A customer who never did it is treated as one who did it two years ago. */
const never = 730;

const features: readonly Feature<OfferInput>[] = [
  {
    name: "tenure_days",
    sql: `tenure_seconds / ${day}`,
    value: (input) => (input.tenureSeconds === null ? null : input.tenureSeconds / day),
    default: 0,
    scale: "log1p",
    text: (value) => `customer for ${Math.floor(value)} days`,
  },
  {
    name: "orders_count",
    sql: "orders_count",
    value: (input) => input.ordersCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} paid orders so far`,
  },
  {
    name: "orders_amount",
    sql: "orders_amount",
    value: (input) => input.ordersAmount,
    default: 0,
    scale: "log1p",
    text: (value) => `spent ${money(value)} so far`,
  },
  {
    name: "basket_average",
    sql: "if(orders_count = 0, null, orders_amount / orders_count)",
    value: (input) => (input.ordersCount === 0 ? null : input.ordersAmount / input.ordersCount),
    default: 0,
    scale: "log1p",
    text: (value) => `an average basket of ${money(value)}`,
  },
  {
    name: "days_since_last_order",
    sql: `seconds_since_last_order / ${day}`,
    value: (input) => (input.secondsSinceLastOrder === null ? null : input.secondsSinceLastOrder / day),
    default: never,
    scale: "log1p",
    text: (value) => `last order ${Math.floor(value)} days ago`,
  },
  {
    name: "publications_count",
    sql: "publications_count",
    value: (input) => input.publicationsCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} offers received so far`,
  },
  {
    name: "redemptions_count",
    sql: "redemptions_count",
    value: (input) => input.redemptionsCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} offers redeemed so far`,
  },
  {
    name: "redemption_rate",
    sql: rateSql("redemptions_count", "publications_count"),
    value: (input) => smoothedRate(input.redemptionsCount, input.publicationsCount),
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `redeems ${percent(value)} of the offers received`,
  },
  {
    name: "redemptions_discount_amount",
    sql: "redemptions_discount_amount",
    value: (input) => input.redemptionsDiscountAmount,
    default: 0,
    scale: "log1p",
    text: (value) => `saved ${money(value)} so far`,
  },
  {
    name: "days_since_last_redemption",
    sql: `seconds_since_last_redemption / ${day}`,
    value: (input) => (input.secondsSinceLastRedemption === null ? null : input.secondsSinceLastRedemption / day),
    default: never,
    scale: "log1p",
    text: (value) => `last redemption ${Math.floor(value)} days ago`,
  },
  {
    name: "customer_main_redemption_rate",
    sql: rateSql("customer_main_redemptions_count", "customer_main_publications_count"),
    value: (input) => smoothedRate(input.customerMainRedemptionsCount, input.customerMainPublicationsCount),
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `redeems ${percent(value)} of similar offers`,
  },
  {
    name: "campaign_redemption_rate",
    sql: rateSql("campaign_redemptions_count", "campaign_publications_count"),
    value: (input) => smoothedRate(input.campaignRedemptionsCount, input.campaignPublicationsCount),
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `${percent(value)} of this campaign's offers are redeemed`,
  },
  {
    name: "campaign_discount_average",
    sql: "if(campaign_redemptions_count = 0, null, campaign_discount_amount / campaign_redemptions_count)",
    value: (input) =>
      input.campaignRedemptionsCount === 0 ? null : input.campaignDiscountAmount / input.campaignRedemptionsCount,
    default: 0,
    scale: "log1p",
    text: (value) => `this campaign saves ${money(value)} on average`,
  },
  {
    name: "main_redemption_rate",
    sql: rateSql("main_redemptions_count", "main_publications_count"),
    value: (input) => smoothedRate(input.mainRedemptionsCount, input.mainPublicationsCount),
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `${percent(value)} of similar offers are redeemed`,
  },
  {
    name: "days_until_end",
    sql: `seconds_until_end / ${day}`,
    value: (input) => (input.secondsUntilEnd === null ? null : input.secondsUntilEnd / day),
    // A campaign without an end is treated as one that runs for a year.
    default: 365,
    scale: "log1p",
    text: (value) => `runs for ${Math.ceil(value)} more days`,
  },
];

export const personalisationFeatures = featureSet("personalisation", features);

/** The customer knows the currency of the shop; a number with two decimals reads well for nearly all of them. */
function money(minor: number): string {
  return (minor / 100).toFixed(2);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
