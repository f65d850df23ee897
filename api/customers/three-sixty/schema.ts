/** All that is known of one customer, on the wire. Every list in it is bounded. */
import { z } from "@hono/zod-openapi";
import { attributes, consent, currency, customerIdentifier, instant, metadata, tags } from "../../http/schemas.ts";
import { walletWire } from "../schemas.ts";

/** Entries of a page of the timeline unless the request says how many. */
export const timelineLimit = 50;
/** Newest orders, redemptions and rejections that are shown. */
export const recentMax = 10;
export const favouritesMax = 5;
export const segmentsMax = 100;
/** Vouchers of the wallet that are shown; the wallet's own address has them all. */
export const walletMax = 20;

const text = z.string().nullable();

const profile = z.object({
  id: text.openapi({
    description: "Null for one whom only refused attempts or the warehouse know: they have no record to change",
  }),
  identifier: customerIdentifier,
  name: text,
  email: text,
  phone: text,
  birthday: text,
  attributes,
  tags,
  consent,
  metadata,
  blocked: z.boolean(),
  created_at: text,
  updated_at: text,
});

const score = z.int().min(1).max(5);

const rfm = z.object({
  recency: score,
  frequency: score,
  monetary: score,
  segment: z.string().openapi({ example: "champions" }),
  refreshed_at: instant.openapi({ description: "When the customer was last compared with the others of the project" }),
});

const figures = z.object({
  currency: z.string().nullable().openapi({
    description:
      "What the customer pays most orders in; all amounts of the figures are in it. Null: no money moved yet",
  }),
  orders_count: z.int().openapi({ description: "Paid orders, not cancelled or refunded since" }),
  orders_amount: z.int().openapi({ description: "What they were left to pay" }),
  average_order_amount: z.number().nullable(),
  first_order_at: text,
  last_order_at: text,
  recency_days: z.int().nullable().openapi({ description: "Days since the newest of them" }),
  margin_amount: z.int().nullable().openapi({ description: "Null where the cost of any line is not known" }),
  discounted_orders_share: z.number().nullable().openapi({
    description: "Dependence on discounts: share of the orders on which a redemption stands",
  }),
  redemptions_count: z.int().openapi({ description: "Redemptions of which something still stands" }),
  discount_amount: z.int().openapi({ description: "What still stands of their discount" }),
  rejections_count: z.int(),
  lost_amount: z.int().openapi({ description: "Baskets of rejections whose order was not bought later" }),
  validations_count: z.int(),
  published_count: z.int().openapi({ description: "Vouchers given to the customer" }),
  points_earned: z.int().openapi({ description: "So far, less those taken back" }),
  first_seen_at: text,
  last_seen_at: text,
  rfm: rfm.nullable().openapi({ description: "Null: no orders, or not compared yet" }),
});

const favourites = z.object({
  categories: z.array(z.object({ category: z.string(), quantity: z.int() })).openapi({
    description: "By units in paid orders; where a shop reports no orders, in redemptions",
  }),
  campaigns: z.array(z.object({ campaign_id: z.string(), name: z.string(), redemptions_count: z.int() })).openapi({
    description: "By codes redeemed",
  }),
});

/** A figure with its 5 % and 95 % quantiles. */
const interval = z.object({ expected: z.number(), low: z.number(), high: z.number() });

const predictions = z.object({
  as_of: instant.openapi({ description: "Everything before this is in the predictions; they are made once a day" }),
  model: z.string().openapi({ example: "lifetime@2026-03-01-5f2a9c11" }),
  currency: z.string(),
  probability_alive: z.number().openapi({ description: "That the customer has not left for good" }),
  expected_orders_90d: z.number().openapi({ description: "Days with an order within 90 days" }),
  expected_orders_365d: interval.openapi({ description: "The same within 365 days, with the bounds of nine in ten" }),
  predicted_value_amount_365d: interval.nullable().openapi({
    description: "What they will pay within 365 days, with the bounds of nine in ten; null where no spending is known",
  }),
  engagement: z.number().openapi({
    description: "0 to 1: the mean of being alive, seen lately, ordering often and trying promotions",
  }),
  category_preference: z.array(z.object({ category: z.string(), share: z.number(), lift: z.number() })).openapi({
    description: "Share of the units they are expected to buy, and that share over the project's; strongest lift first",
  }),
  discount_preference: z.number().nullable().openapi({
    description: "Share of orders with a discount over the project's share; null where the project has no discounts",
  }),
});

/** Why nothing is predicted. */
const unpredicted = ["no_orders", "not_computed", "too_few_repeat_customers", "too_short_history"] as const;

const recentOrder = z.object({
  order_id: z.string(),
  status: z.enum(["created", "paid", "cancelled", "refunded"]),
  currency,
  amount: z.int(),
  discount_amount: z.int(),
  total_amount: z.int(),
  quantity: z.int(),
  channel: z.string(),
  store_id: z.string(),
  first_at: z.string(),
  paid_at: text,
  updated_at: z.string(),
});

const recentRedemption = z.object({
  redemption_id: z.string(),
  at: z.string(),
  order_id: z.string(),
  codes: z.array(z.string()).openapi({ description: "Empty texts are automatic campaigns" }),
  campaign_ids: z.array(z.string()),
  campaign_names: z.array(z.string()),
  currency,
  discount_amount: z.int(),
  rolled_back_amount: z.int(),
  rolled_back: z.boolean().openapi({ description: "Nothing of it is left" }),
});

const recentRejection = z.object({
  rejection_id: z.string(),
  at: z.string(),
  order_id: z.string(),
  codes: z.array(z.string()),
  reasons: z.array(z.string()).openapi({ description: "Keys, each once" }),
  currency: z.string(),
  order_amount: z.int(),
  bought_later: z.boolean(),
});

const timelineEntry = z.object({
  id: z.string(),
  type: z.string().openapi({ description: "The event: order.paid, redemption.succeeded, points.changed …" }),
  at: z.string(),
  title: z.string().openapi({ description: "The codes, the order, the name of the custom event or segment" }),
  reference_id: z.string().openapi({ description: "Redemption, rejection, order, voucher …" }),
  order_id: z.string(),
  campaign_id: z.string().openapi({ description: "Empty where it has none" }),
  campaign_name: z.string(),
  reasons: z.array(z.string()).openapi({ description: "Of a rejection" }),
  amount: z.int().nullable().openapi({ description: "Of an order its total, of a redemption its discount; else null" }),
  points: z.int().nullable().openapi({ description: "Of a movement of points; negative when they went" }),
  currency: z.string(),
});

export const threeSixtyWire = z
  .object({
    as_of: instant.openapi({ description: "Everything that happened before this is in the figures." }),
    ingest_lag: z.object({
      rows: z.int().openapi({ description: "Events that are not in the warehouse yet." }),
      seconds: z.number().openapi({ description: "Age of the oldest of them." }),
    }),
    profile,
    figures,
    wallet: walletWire.openapi({ description: `The first ${walletMax} vouchers; their own address has the rest` }),
    favourites,
    orders: z.array(recentOrder).openapi({ description: `The newest, ${recentMax} at most` }),
    redemptions: z.array(recentRedemption).openapi({ description: `The newest, ${recentMax} at most` }),
    rejections: z.array(recentRejection).openapi({ description: `The newest, ${recentMax} at most` }),
    segments: z.array(z.object({ id: z.string(), name: z.string(), entered_at: z.string() })),
    predictions: predictions.nullable(),
    predictions_missing: z.enum(unpredicted).nullable().openapi({
      description:
        "Why there are no predictions: the customer has not ordered, or not before the last run; or the project has too little to learn from",
    }),
    risk: z.object({
      score_max: z.number().nullable().openapi({ description: "Highest of a redemption or rejection" }),
      flagged_count: z.int(),
    }),
    timeline: z
      .object({ data: z.array(timelineEntry), next_cursor: z.string().nullable() })
      .openapi({ description: "Newest first" }),
  })
  .openapi("CustomerThreeSixty");

export type ThreeSixtyWire = z.output<typeof threeSixtyWire>;
export type TimelineEntry = z.output<typeof timelineEntry>;
