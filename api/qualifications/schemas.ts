/** Qualifications on the wire. */
import { z } from "@hono/zod-openapi";
import { amount, customerReference } from "../http/schemas.ts";
import { codeWire } from "../redemptions/schemas.ts";
import { orderBody } from "../validations/order-schema.ts";

const qualificationsMax = 100;

export const qualificationBody = z
  .strictObject({
    customer: customerReference.optional(),
    order: orderBody,
    limit: z.int().min(1).max(qualificationsMax).default(20),
    combine: z.boolean().default(false).openapi({ description: "Look for the best codes to use together, too" }),
  })
  .openapi("QualificationRequest", {
    example: {
      customer: { identifier: "customer-1" },
      order: {
        currency: "EUR",
        items: [{ sku: "coffee-1kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] }],
      },
    },
  });

const { rewards, reasons } = codeWire.shape;

const qualifiedWire = z
  .object({
    campaign_id: z.string(),
    code: z.string().nullable().openapi({ description: "Null for an automatic campaign" }),
    automatic: z.boolean(),
    applicable: z.boolean(),
    discount_amount: amount.openapi({ description: "What it gives on this order by itself" }),
    rewards,
    reasons: reasons.openapi({ description: "What the basket lacks, when it is not applicable" }),
  })
  .openapi("Qualified");
export type QualifiedWire = z.output<typeof qualifiedWire>;

export const qualificationWire = z
  .object({
    data: z.array(qualifiedWire).openapi({
      description: "What applies, most money off first; then what would apply to another basket, least missing first.",
    }),
    combination: z
      .object({
        codes: z.array(z.string()),
        automatic: z.array(z.string()).openapi({ description: "Ids of the automatic campaigns that apply with them" }),
        discount_amount: amount,
        exhaustive: z.boolean().openapi({ description: "False when there were more combinations than were tried" }),
      })
      .nullable()
      .openapi({ description: "The codes that take most off together; null unless `combine` asks for it" }),
  })
  .openapi("Qualification");
