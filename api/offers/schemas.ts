/** Offers on the wire. */
import { z } from "@hono/zod-openapi";
import { amount, customerReference, metadata } from "../http/schemas.ts";
import { orderBody } from "../validations/order-schema.ts";
import { arms, offerPolicySettings } from "./policy.ts";

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
  .openapi("OffersRequest", {
    example: {
      customer: { identifier: "customer-1" },
      order: {
        currency: "EUR",
        items: [{ sku: "coffee-1kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] }],
      },
      limit: 3,
    },
  });

const offerWire = z
  .object({
    rank: z.int(),
    campaign_id: z.string(),
    code: z.string(),
    discount_amount: amount.openapi({
      description: "With an order: what the code gives on it. Without: what the campaign gave on average so far.",
    }),
    probability: z.number().openapi({
      description:
        "That the customer redeems it; of the fallback: the campaign's redemption rate so far, drawn to those like it.",
    }),
    expected_value_amount: z.int().nullable().openapi({
      description:
        "Probability × (incremental share × margin on the basket − discount), minor units; null while no basket is known.",
    }),
    expected_margin_amount: amount.nullable().openapi({
      description: "What is earned of the basket before the discount, by its costs or by what orders usually earn.",
    }),
    uplift: z.number().nullable().openapi({
      description:
        "The part of the probability that the offer causes: in this customer where a model has learnt it, else on average over the campaign. Null where no holdout measures it; below 0 when the offer costs orders.",
    }),
    propensity: z.number().openapi({
      description: "The probability with which this offer was chosen to be at this rank. Those of a rank sum to 1.",
    }),
    reasons: z.array(z.string()).openapi({ description: "Why, in words for a person." }),
  })
  .openapi("Offer");
export type OfferWire = z.output<typeof offerWire>;

export const offersWire = z
  .object({
    decision_id: z.string().openapi({ example: "dec_01j9x3yq7fe5t8m2c4n6p8r0sv" }),
    offers: z.array(offerWire),
    model: z.union([z.object({ name: z.string(), version: z.string() }), z.literal("fallback")]).openapi({
      description: "Whose probabilities these are; fallback: the campaigns' redemption rates.",
    }),
    policy: z.enum(arms).openapi({ description: "The customer's arm, whose policy ranked." }),
  })
  .openapi("Offers");

export const offerPolicyWire = offerPolicySettings
  .extend({ version: z.int().openapi({ description: "0: never set, the defaults. Changes with the settings." }) })
  .openapi("OfferPolicy");

export const outcomeBody = z
  .strictObject({
    campaign_id: z.string().min(1).max(100),
    outcome: z.enum(["shown", "taken", "dismissed"]),
  })
  .openapi("OfferOutcome", { example: { campaign_id: "cam_01jz8q6k3nf5vbe5n2yq0x4t7d", outcome: "shown" } });

export const outcomeWire = z
  .object({
    decision_id: z.string(),
    campaign_id: z.string(),
    outcome: z.enum(["shown", "taken", "dismissed"]),
    recorded_at: z.string(),
  })
  .openapi("RecordedOfferOutcome");
