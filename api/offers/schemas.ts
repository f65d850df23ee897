/** Offers on the wire. */
import { z } from "@hono/zod-openapi";
import { amount, customerReference, metadata } from "../http/schemas.ts";
import { orderBody } from "../validations/order-schema.ts";

const offersMax = 50;

/** The situation, where there is no order to say it. An order's own fields win. */
const context = z
  .strictObject({
    channel: z.string().min(1).max(100).optional(),
    store_id: z.string().min(1).max(200).optional(),
    metadata: metadata.optional(),
  })
  .openapi("OfferContext");

export const offersBody = z
  .strictObject({
    customer: customerReference,
    order: orderBody.optional(),
    context: context.optional(),
    limit: z.int().min(1).max(offersMax).default(10),
  })
  .openapi("OffersRequest");

const offerWire = z
  .object({
    rank: z.int(),
    campaign_id: z.string(),
    code: z.string(),
    discount_amount: amount.openapi({
      description: "With an order: what the code gives on it. Without: what the campaign gave on average so far.",
    }),
    probability: z.number().openapi({
      description: "That the customer redeems it; of the fallback: the share of the campaign's offers redeemed so far.",
    }),
    expected_value_amount: z.int().nullable().openapi({
      description: "Probability × (margin on the basket − discount), minor units; null while no basket is known.",
    }),
    propensity: z.number().openapi({ description: "The probability with which it was chosen to be here." }),
    reasons: z.array(z.string()).openapi({ description: "Why, in words for a person." }),
  })
  .openapi("Offer");
export type OfferWire = z.output<typeof offerWire>;

export const offersWire = z
  .object({
    decision_id: z.string().openapi({ example: "dec_01j9x3yq7fe5t8m2c4n6p8r0sv" }),
    offers: z.array(offerWire),
    model: z.union([z.object({ name: z.string(), version: z.string() }), z.literal("fallback")]),
  })
  .openapi("Offers");

export const outcomeBody = z
  .strictObject({
    campaign_id: z.string().min(1).max(100),
    outcome: z.enum(["shown", "taken", "dismissed"]),
  })
  .openapi("OfferOutcome");

export const outcomeWire = z
  .object({
    decision_id: z.string(),
    campaign_id: z.string(),
    outcome: z.enum(["shown", "taken", "dismissed"]),
    recorded_at: z.string(),
  })
  .openapi("RecordedOfferOutcome");
