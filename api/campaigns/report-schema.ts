/** A campaign's report on the wire. */
import { z } from "@hono/zod-openapi";
import { amount, instant } from "../http/schemas.ts";

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
  })
  .openapi("CampaignReport");
export type CampaignReportWire = z.infer<typeof campaignReportWire>;
