/** What the personalisation model knows of a customer, an offer, a basket and a situation at a moment. */
import { type Feature, featureSet } from "./feature.ts";

/**
 * Everything strictly before the moment. Money in minor units, times in seconds. "Redemptions" leave out those rolled
 * back before the moment, "redemptions made" do not; "main", "template" and "project" sum over all campaigns of the main
 * campaign, of the template and of the project.
 */
export interface OfferInput {
  /** Since the customer was created; null for a customer never seen before. */
  readonly tenureSeconds: number | null;
  /** Orders that were ever paid. */
  readonly ordersCount: number;
  readonly ordersAmount: number;
  readonly secondsSinceLastOrder: number | null;
  readonly orders90dCount: number;
  readonly publicationsCount: number;
  readonly redemptionsCount: number;
  readonly redemptionsDiscountAmount: number;
  readonly secondsSinceLastRedemption: number | null;
  readonly redemptionsMadeCount: number;
  readonly redemptionsMade90dCount: number;
  /** Of the redemptions made: the values of their orders before discounts, and the discounts. */
  readonly redeemedOrdersAmount: number;
  readonly redeemedDiscountAmount: number;
  readonly customerMainPublicationsCount: number;
  readonly customerMainRedemptionsCount: number;
  readonly campaignPublicationsCount: number;
  readonly campaignRedemptionsCount: number;
  readonly campaignDiscountAmount: number;
  readonly mainPublicationsCount: number;
  readonly mainRedemptionsCount: number;
  readonly templatePublicationsCount: number;
  readonly templateRedemptionsCount: number;
  readonly projectPublicationsCount: number;
  readonly projectRedemptionsCount: number;
  /** Until the campaign ends, by its newest definition; null for one without an end. */
  readonly secondsUntilEnd: number | null;
  readonly template: string;
  /** Since the customer was last handed a code of the campaign, 0 at that moment; null when they never were. */
  readonly secondsSincePublication: number | null;
  /** Decisions of the last 30 days that offered the campaign to the customer; at most 50 are counted. */
  readonly served30dCount: number;
  /** The lines before discounts; null without a basket. */
  readonly basketAmount: number | null;
  /** What the offer gives on this basket; null without one. */
  readonly basketDiscountAmount: number | null;
  /** Categories of the basket, and those of them that the customer bought from in the last 180 days. */
  readonly basketCategoriesCount: number;
  readonly basketCategoriesKnownCount: number;
  /**
   * When the customer is here, in UTC: 0 to 23, and 0 (Sunday) to 6. Null at a publication: a campaign is often published
   * in one go, and its hour would then stand for the campaign.
   */
  readonly hour: number | null;
  readonly weekday: number | null;
}

/** Rates start from one redemption in twenty publications, so that a campaign's first days say little. */
const ratePrior = { redemptions: 1, publications: 20 } as const;

function smoothedRate(redemptions: number, publications: number): number {
  return (redemptions + ratePrior.redemptions) / (publications + ratePrior.publications);
}

/** So many publications weigh as much as what is known of the level above. */
const levelPrior = 20;

/** As redemptions without a publication count as well, a plain share may be above 1. */
function drawnTo(rate: number, redemptions: number, publications: number): number {
  return Math.min(1, (redemptions + levelPrior * rate) / (publications + levelPrior));
}

type Counts = Pick<
  OfferInput,
  | "campaignPublicationsCount"
  | "campaignRedemptionsCount"
  | "mainPublicationsCount"
  | "mainRedemptionsCount"
  | "templatePublicationsCount"
  | "templateRedemptionsCount"
  | "projectPublicationsCount"
  | "projectRedemptionsCount"
>;

/**
 * The redemption rate of a campaign, drawn to that of the rest of its main campaign, which is drawn to the rest of its
 * template, which is drawn to the rest of the project: a new campaign begins where those like it stand. Each level leaves
 * out the one below, or what a campaign did would count for it again and again. Never below nothing: the counts of a level
 * may be some minutes older than those of the one below.
 */
export function campaignRate(input: Counts): number {
  const redemptions = Math.max(0, input.mainRedemptionsCount - input.campaignRedemptionsCount);
  const publications = Math.max(0, input.mainPublicationsCount - input.campaignPublicationsCount);
  const siblings = drawnTo(outsideMainRate(input), redemptions, publications);
  return drawnTo(siblings, input.campaignRedemptionsCount, input.campaignPublicationsCount);
}

function mainRate(input: Counts): number {
  return drawnTo(outsideMainRate(input), input.mainRedemptionsCount, input.mainPublicationsCount);
}

function outsideMainRate(input: Counts): number {
  const redemptions = Math.max(0, input.templateRedemptionsCount - input.mainRedemptionsCount);
  const publications = Math.max(0, input.templatePublicationsCount - input.mainPublicationsCount);
  return drawnTo(outsideTemplateRate(input), redemptions, publications);
}

function templateRate(input: Counts): number {
  return drawnTo(outsideTemplateRate(input), input.templateRedemptionsCount, input.templatePublicationsCount);
}

function outsideTemplateRate(input: Counts): number {
  const redemptions = Math.max(0, input.projectRedemptionsCount - input.templateRedemptionsCount);
  const publications = Math.max(0, input.projectPublicationsCount - input.templatePublicationsCount);
  return Math.min(1, smoothedRate(redemptions, publications));
}

const drawnSql = (rate: string, redemptions: string, publications: string) =>
  `least(1, (${redemptions} + ${levelPrior} * ${rate}) / (${publications} + ${levelPrior}))`;
const rateSql = (redemptions: string, publications: string) =>
  `(${redemptions} + ${ratePrior.redemptions}) / (${publications} + ${ratePrior.publications})`;
const restSql = (whole: string, part: string, of: string) => `greatest(0, ${whole}_${of}_count - ${part}_${of}_count)`;
const outsideTemplateSql = `least(1, ${rateSql(restSql("project", "template", "redemptions"), restSql("project", "template", "publications"))})`;
const templateRateSql = drawnSql(outsideTemplateSql, "template_redemptions_count", "template_publications_count");
const outsideMainSql = drawnSql(
  outsideTemplateSql,
  restSql("template", "main", "redemptions"),
  restSql("template", "main", "publications"),
);
const mainRateSql = drawnSql(outsideMainSql, "main_redemptions_count", "main_publications_count");
const campaignRateSql = drawnSql(
  drawnSql(outsideMainSql, restSql("main", "campaign", "redemptions"), restSql("main", "campaign", "publications")),
  "campaign_redemptions_count",
  "campaign_publications_count",
);

/** Discount as a share of the basket: of this one, or of what the campaign and the customer's baskets usually are. */
function discountDepth(input: OfferInput): number | null {
  if (input.basketAmount !== null && input.basketDiscountAmount !== null) {
    return input.basketAmount === 0 ? null : input.basketDiscountAmount / input.basketAmount;
  }
  if (input.campaignRedemptionsCount === 0 || input.ordersCount === 0 || input.ordersAmount === 0) return null;
  return input.campaignDiscountAmount / input.campaignRedemptionsCount / (input.ordersAmount / input.ordersCount);
}

/** What the customer usually took off. */
function usualDepth(input: OfferInput): number | null {
  return input.redeemedOrdersAmount === 0 ? null : input.redeemedDiscountAmount / input.redeemedOrdersAmount;
}

const depthSql = `multiIf(basket_amount IS NOT NULL AND basket_discount_amount IS NOT NULL,
    if(basket_amount = 0, null, basket_discount_amount / basket_amount),
    campaign_redemptions_count = 0 OR orders_count = 0 OR orders_amount = 0, null,
    campaign_discount_amount / campaign_redemptions_count / (orders_amount / orders_count))`;
const usualDepthSql = "if(redeemed_orders_amount = 0, null, redeemed_discount_amount / redeemed_orders_amount)";

const day = 86_400;

/** A customer who never did it is treated as one who did it two years ago. */
const never = 730;

/** With Laplace's two imagined orders, one of them with a redemption in four. */
const discountedPrior = { redemptions: 0.5, orders: 2 } as const;

const features: readonly Feature<OfferInput>[] = [
  {
    name: "tenure_days",
    version: 1,
    window: "all time",
    type: "number",
    sql: `tenure_seconds / ${day}`,
    value: (input) => (input.tenureSeconds === null ? null : input.tenureSeconds / day),
    default: 0,
    scale: "log1p",
    text: (value) => `customer for ${Math.floor(value)} days`,
  },
  {
    name: "orders_count",
    version: 1,
    window: "all time",
    type: "number",
    sql: "orders_count",
    value: (input) => input.ordersCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} paid orders so far`,
  },
  {
    name: "orders_amount",
    version: 1,
    window: "all time",
    type: "number",
    sql: "orders_amount",
    value: (input) => input.ordersAmount,
    default: 0,
    scale: "log1p",
    text: (value) => `spent ${money(value)} so far`,
  },
  {
    name: "basket_average",
    version: 1,
    window: "all time",
    type: "number",
    sql: "if(orders_count = 0, null, orders_amount / orders_count)",
    value: (input) => (input.ordersCount === 0 ? null : input.ordersAmount / input.ordersCount),
    default: 0,
    scale: "log1p",
    text: (value) => `an average basket of ${money(value)}`,
  },
  {
    name: "days_since_last_order",
    version: 1,
    window: "all time",
    type: "number",
    sql: `seconds_since_last_order / ${day}`,
    value: (input) => (input.secondsSinceLastOrder === null ? null : input.secondsSinceLastOrder / day),
    default: never,
    scale: "log1p",
    text: (value) => `last order ${Math.floor(value)} days ago`,
  },
  {
    name: "orders_90d",
    version: 1,
    window: "90 days",
    type: "number",
    sql: "orders90d_count",
    value: (input) => input.orders90dCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} paid orders in 90 days`,
  },
  {
    name: "publications_count",
    version: 1,
    window: "all time",
    type: "number",
    sql: "publications_count",
    value: (input) => input.publicationsCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} offers received so far`,
  },
  {
    name: "redemptions_count",
    version: 1,
    window: "all time",
    type: "number",
    sql: "redemptions_count",
    value: (input) => input.redemptionsCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} offers redeemed so far`,
  },
  {
    name: "redemption_rate",
    version: 1,
    window: "all time",
    type: "share",
    sql: rateSql("redemptions_count", "publications_count"),
    value: (input) => smoothedRate(input.redemptionsCount, input.publicationsCount),
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `redeems ${percent(value)} of the offers received`,
  },
  {
    name: "redemptions_90d",
    version: 1,
    window: "90 days",
    type: "number",
    sql: "redemptions_made90d_count",
    value: (input) => input.redemptionsMade90dCount,
    default: 0,
    scale: "log1p",
    text: (value) => `${value} redemptions in 90 days`,
  },
  {
    name: "redemptions_discount_amount",
    version: 1,
    window: "all time",
    type: "number",
    sql: "redemptions_discount_amount",
    value: (input) => input.redemptionsDiscountAmount,
    default: 0,
    scale: "log1p",
    text: (value) => `saved ${money(value)} so far`,
  },
  {
    name: "days_since_last_redemption",
    version: 1,
    window: "all time",
    type: "number",
    sql: `seconds_since_last_redemption / ${day}`,
    value: (input) => (input.secondsSinceLastRedemption === null ? null : input.secondsSinceLastRedemption / day),
    default: never,
    scale: "log1p",
    text: (value) => `last redemption ${Math.floor(value)} days ago`,
  },
  {
    name: "discounted_order_share",
    version: 1,
    window: "all time",
    type: "share",
    sql: `least(1, (redemptions_made_count + ${discountedPrior.redemptions}) / (orders_count + ${discountedPrior.orders}))`,
    value: (input) =>
      Math.min(
        1,
        (input.redemptionsMadeCount + discountedPrior.redemptions) / (input.ordersCount + discountedPrior.orders),
      ),
    default: discountedPrior.redemptions / discountedPrior.orders,
    scale: "none",
    text: (value) => `uses a code on ${percent(value)} of the orders`,
  },
  {
    name: "customer_main_redemption_rate",
    version: 1,
    window: "all time",
    type: "share",
    sql: rateSql("customer_main_redemptions_count", "customer_main_publications_count"),
    value: (input) => smoothedRate(input.customerMainRedemptionsCount, input.customerMainPublicationsCount),
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `redeems ${percent(value)} of similar offers`,
  },
  {
    name: "campaign_redemption_rate",
    version: 1,
    window: "all time",
    type: "share",
    sql: campaignRateSql,
    value: campaignRate,
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `${percent(value)} of this campaign's offers are redeemed`,
  },
  {
    name: "campaign_discount_average",
    version: 1,
    window: "all time",
    type: "number",
    sql: "if(campaign_redemptions_count = 0, null, campaign_discount_amount / campaign_redemptions_count)",
    value: (input) =>
      input.campaignRedemptionsCount === 0 ? null : input.campaignDiscountAmount / input.campaignRedemptionsCount,
    default: 0,
    scale: "log1p",
    text: (value) => `this campaign saves ${money(value)} on average`,
  },
  {
    name: "main_redemption_rate",
    version: 1,
    window: "all time",
    type: "share",
    sql: mainRateSql,
    value: mainRate,
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `${percent(value)} of similar offers are redeemed`,
  },
  {
    name: "template_redemption_rate",
    version: 1,
    window: "all time",
    type: "share",
    sql: templateRateSql,
    value: templateRate,
    default: smoothedRate(0, 0),
    scale: "none",
    text: (value) => `${percent(value)} of the offers of this kind are redeemed`,
  },
  {
    name: "is_loyalty",
    version: 1,
    window: "the request",
    type: "flag",
    sql: "template = 'loyalty'",
    value: (input) => Number(input.template === "loyalty"),
    default: 0,
    scale: "none",
    text: (value) => (value === 1 ? "an offer of the loyalty programme" : "not of the loyalty programme"),
  },
  {
    name: "days_until_end",
    version: 1,
    window: "the request",
    type: "number",
    sql: `seconds_until_end / ${day}`,
    value: (input) => (input.secondsUntilEnd === null ? null : input.secondsUntilEnd / day),
    // A campaign without an end is treated as one that runs for a year.
    default: 365,
    scale: "log1p",
    text: (value) => `runs for ${Math.ceil(value)} more days`,
  },
  {
    name: "is_held",
    version: 1,
    window: "all time",
    type: "flag",
    sql: "seconds_since_publication IS NOT NULL",
    value: (input) => Number(input.secondsSincePublication !== null),
    default: 0,
    scale: "none",
    text: (value) => (value === 1 ? "was handed this offer" : "was not handed this offer"),
  },
  {
    name: "days_since_publication",
    version: 1,
    window: "all time",
    type: "number",
    sql: `seconds_since_publication / ${day}`,
    value: (input) => (input.secondsSincePublication === null ? null : input.secondsSincePublication / day),
    default: never,
    scale: "log1p",
    text: (value) => `was handed this offer ${Math.floor(value)} days ago`,
  },
  {
    name: "served_30d",
    version: 1,
    window: "30 days",
    type: "number",
    sql: "served30d_count",
    value: (input) => input.served30dCount,
    default: 0,
    scale: "log1p",
    text: (value) => `was offered this ${value} times in 30 days`,
  },
  {
    name: "has_basket",
    version: 1,
    window: "the request",
    type: "flag",
    sql: "basket_amount IS NOT NULL",
    value: (input) => Number(input.basketAmount !== null),
    default: 0,
    scale: "none",
    text: (value) => (value === 1 ? "there is a basket" : "there is no basket"),
  },
  {
    name: "basket_relative",
    version: 1,
    window: "all time",
    type: "number",
    sql: "if(orders_amount = 0, null, basket_amount / (orders_amount / orders_count))",
    value: (input) =>
      input.basketAmount === null || input.ordersAmount === 0
        ? null
        : input.basketAmount / (input.ordersAmount / input.ordersCount),
    default: 1,
    scale: "log1p",
    text: (value) => `a basket of ${percent(value)} of the usual one`,
  },
  {
    name: "discount_depth",
    version: 1,
    window: "the request",
    type: "number",
    sql: depthSql,
    value: discountDepth,
    default: 0.1,
    scale: "none",
    text: (value) => `takes ${percent(value)} off`,
  },
  {
    name: "discount_depth_gap",
    version: 1,
    window: "all time",
    type: "number",
    sql: `${depthSql} - ${usualDepthSql}`,
    value: (input) => {
      const [depth, usual] = [discountDepth(input), usualDepth(input)];
      return depth === null || usual === null ? null : depth - usual;
    },
    default: 0,
    scale: "none",
    text: (value) =>
      `takes ${percent(Math.abs(value))} ${value < 0 ? "less" : "more"} off than this customer is used to`,
  },
  {
    name: "category_fit",
    version: 1,
    window: "all time",
    type: "number",
    sql: "if(basket_categories_count = 0, null, basket_categories_known_count / basket_categories_count)",
    value: (input) =>
      input.basketCategoriesCount === 0 ? null : input.basketCategoriesKnownCount / input.basketCategoriesCount,
    default: 0.5,
    scale: "none",
    text: (value) => `${percent(value)} of the basket is of categories bought before`,
  },
  {
    name: "hour_sin",
    version: 1,
    window: "the request",
    type: "number",
    sql: "sin(hour * pi() / 12)",
    value: (input) => (input.hour === null ? null : Math.sin((input.hour * Math.PI) / 12)),
    default: 0,
    scale: "none",
    text: () => "the time of day",
  },
  {
    name: "hour_cos",
    version: 1,
    window: "the request",
    type: "number",
    sql: "cos(hour * pi() / 12)",
    value: (input) => (input.hour === null ? null : Math.cos((input.hour * Math.PI) / 12)),
    default: 0,
    scale: "none",
    text: () => "the time of day",
  },
  {
    name: "is_weekend",
    version: 1,
    window: "the request",
    type: "flag",
    sql: "weekday IN (0, 6)",
    value: (input) => (input.weekday === null ? null : Number(input.weekday === 0 || input.weekday === 6)),
    default: 0,
    scale: "none",
    text: (value) => (value === 1 ? "at a weekend" : "on a working day"),
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
