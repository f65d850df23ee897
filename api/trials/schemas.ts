import { z } from "@hono/zod-openapi";
import { amount, customerReference, instant } from "../http/schemas.ts";
import { codeWire, orderWire } from "../redemptions/schemas.ts";
import { orderBody } from "../validations/order-schema.ts";

export const trialBody = z
  .strictObject({
    customer: customerReference.optional(),
    order: orderBody,
    at: instant.optional().openapi({ description: "As of this instant; absent: now." }),
  })
  .openapi("TrialRequest", {
    example: {
      customer: { identifier: "customer-1" },
      order: {
        currency: "EUR",
        items: [{ sku: "coffee-1kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] }],
      },
    },
  });

export const trialWire = z
  .object({
    campaign_id: z.string(),
    applicable: z.boolean(),
    discount_amount: amount,
    rewards: codeWire.shape.rewards,
    reasons: codeWire.shape.reasons,
    order: orderWire,
    trace: z.record(z.string(), z.unknown()).openapi({
      description:
        "The rule trees as they were evaluated. A condition on the customer's segments says in `segments` as of when (`evaluated_at`, `age_seconds`) the members of each dynamic one that it names are.",
    }),
    explanation: z.array(z.string()).openapi({ description: "The trace in plain language, indented by depth" }),
  })
  .openapi("Trial");
