/** A campaign's report on the wire. */
import { z } from "@hono/zod-openapi";
import { amount, instant } from "../http/schemas.ts";
import { liftWire } from "../lift/schemas.ts";

const day = z.iso.date().nullable();

export const paceWire = z
  .object({
    budget_amount: amount,
    used_amount: z.int(),
    used_share: z.number(),
    left_amount: amount,
    daily_amount: z.number().openapi({ description: "Mean discount of a day, over the last 28 days of its run." }),
    daily_deviation: z.number(),
    forecast_exhausted_on: day.openapi({ description: "When the budget will be used up at this pace." }),
    forecast_earliest_on: day.openapi({ description: "Early end of the forecast's 95 % interval." }),
    forecast_latest_on: day.openapi({ description: "Late end; null when it may well never be used up." }),
    ends_on: day,
    expected_share_at_end: z.number().nullable(),
    alert: z.enum(["", "reached_80", "reached_100", "exhausts_early"]),
  })
  .openapi("CampaignPace");

export const campaignReportWire = z
  .object({
    campaign_id: z.string(),
    as_of: instant.openapi({ description: "Everything that happened before this is in the figures." }),
    ingest_lag: z.object({
      rows: z.int().openapi({ description: "Events that are not in the warehouse yet." }),
      seconds: z.number().openapi({ description: "Age of the oldest of them." }),
    }),
    currency: z.string(),
    redemptions_count: z.int().openapi({ description: "Codes redeemed that still stand." }),
    rejections_count: z.int(),
    rollbacks_count: z.int(),
    validations_count: z.int(),
    published_count: z.int(),
    orders_count: z.int(),
    discount_amount: amount.openapi({ description: "Discount that still stands." }),
    rolled_back_amount: amount,
    revenue_amount: amount.openapi({ description: "What the orders were left to pay after all discounts." }),
    customers_count: z.int(),
    new_customers_count: z.int().openapi({ description: "Of these, customers who had never bought before." }),
    returning_customers_count: z.int().openapi({ description: "Of these, customers who had." }),
    margin_amount: z.int().nullable().openapi({
      description: "Of the orders whose costs are known: what their lines were left to pay, less their cost.",
    }),
    margin_orders_count: z.int().openapi({ description: "Orders whose costs are known." }),
    funnel: z
      .object({
        published_count: z.int(),
        queued_count: z.int().openapi({ description: "Of the published, those for which a message was ordered." }),
        sent_count: z.int().openapi({ description: "Of these, those whose message a provider accepted." }),
        failed_count: z.int().openapi({ description: "Of the published, those that did not arrive, or nobody knows." }),
        returned_count: z.int().openapi({ description: "Of these, those whose code went back." }),
        validations_count: z.int(),
        valid_count: z.int(),
        redeemed_count: z.int().openapi({ description: "Codes redeemed, also those rolled back since." }),
        rolled_back_count: z.int(),
      })
      .openapi({ description: "From handing out to taking back. Codes for everybody are never published." }),
    pace: paceWire.nullable().openapi({ description: "How fast the budget is spent; null without one." }),
    lift: liftWire,
  })
  .openapi("CampaignReport");
export type CampaignReportWire = z.infer<typeof campaignReportWire>;
