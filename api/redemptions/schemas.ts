import { z } from "@hono/zod-openapi";
import {
  amount,
  currency,
  customerIdentifier,
  customerReference,
  instant,
  listQuery,
  occurrence,
  resourceId,
  typedCode,
} from "../http/schemas.ts";
import { orderBody, orderRequiredId } from "../validations/order-schema.ts";

const codesMax = 30;

const request = {
  codes: z.array(typedCode).min(1).max(codesMax),
  customer: customerReference.optional(),
  at: occurrence
    .optional()
    .openapi({ description: "Decide as of this instant. Only for keys with the scope import; others use our clock." }),
  source: z.enum(["api", "integration", "mobile", "console"]).default("api"),
};

/** Without `at`: what a reader tries out is decided now. */
const example = {
  codes: ["SALE10"],
  customer: { identifier: "customer-1" },
  order: {
    id: "order-1",
    currency: "EUR",
    items: [{ sku: "coffee-1kg", name: "Coffee, 1 kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] }],
    shipping_amount: 490,
  },
};

export const validationBody = z
  .strictObject({ ...request, order: orderBody })
  .openapi("ValidationRequest", { example });
export const redemptionBody = z
  .strictObject({ ...request, order: orderRequiredId })
  .openapi("RedemptionRequest", { example });

export const rollbackBody = z
  .strictObject({ reason: z.string().min(1).max(500).optional() })
  .openapi("RollbackRequest");

const factValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string()), z.array(z.number())]);

const reasonShape = {
  key: z.string().openapi({ example: "order_below_minimum" }),
  code: z.int().optional().openapi({ example: 2001 }),
  message: z.string().openapi({ example: "Add 4.20 EUR more to use this code." }),
  rule_id: z.string().optional(),
  expected: factValue.optional(),
  actual: factValue.optional(),
  gap: z.number().optional().openapi({ description: "What is missing, in the fact's own unit", example: 420 }),
};

const reason = z.object(reasonShape).openapi("Reason");
const codedReason = z.object({ ...reasonShape, voucher_code: z.string() }).openapi("RejectionReason");

const reward = z.object({ type: z.enum(["order_discount", "item_discount"]), discount_amount: amount });

export const codeWire = z
  .object({
    code: z.string(),
    campaign_id: z.string().nullable(),
    applicable: z.boolean(),
    discount_amount: amount,
    rewards: z.array(reward),
    reasons: z.array(reason),
  })
  .openapi("CodeResult");

export const orderWire = z
  .object({
    id: z.string().nullable(),
    currency,
    channel: z.string().nullable(),
    store_id: z.string().nullable(),
    amount: amount.openapi({ description: "The lines before discounts, without shipping" }),
    shipping_amount: amount,
    discount_amount: amount,
    total_amount: amount.openapi({ description: "Left to pay" }),
    items: z.array(
      z.object({
        sku: z.string(),
        product_id: z.string().nullable(),
        name: z.string().nullable(),
        quantity: z.int(),
        unit_amount: amount,
        categories: z.array(z.string()),
        discount_amount: amount,
      }),
    ),
  })
  .openapi("DecidedOrder");

const risk = z.object({
  score: z.number().min(0).max(1).nullable(),
  action: z.enum(["allow", "flag"]),
  reasons: z.array(z.string()),
});

export const redemptionWire = z
  .object({
    id: z.string().openapi({ example: "red_01k9m2v8f3e5h9t0q4w6y8z1ab" }),
    status: z.enum(["redeemed", "rolled_back"]),
    codes: z.array(codeWire),
    discount_amount: amount,
    customer: z.object({ identifier: z.string() }).nullable(),
    order: orderWire,
    rewards: z.array(reward.extend({ voucher_code: z.string() })),
    risk,
    source: z.string(),
    occurred_at: z.string(),
    created_at: z.string(),
  })
  .openapi("Redemption");

export const redemptionDetailWire = redemptionWire
  .extend({
    rollback: z.object({ id: z.string(), reason: z.string().nullable(), occurred_at: z.string() }).nullable(),
    trace: z
      .array(z.record(z.string(), z.unknown()))
      .openapi({ description: "One entry a code: the rule trees as they were evaluated" }),
  })
  .openapi("RedemptionDetail");

export const rollbackWire = z
  .object({
    id: z.string().openapi({ example: "rol_01k9m2v8f3e5h9t0q4w6y8z1ab" }),
    redemption_id: z.string(),
    discount_amount: amount,
    reason: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("Rollback");

export const rejectionWire = z
  .object({
    id: z.string(),
    codes: z.array(z.string()),
    campaign_ids: z.array(z.string()),
    customer: z.object({ identifier: z.string() }).nullable(),
    reasons: z.array(codedReason),
    order: orderWire,
    risk,
    source: z.string(),
    occurred_at: z.string(),
    created_at: z.string(),
  })
  .openapi("Rejection");

/** Filters of both lists: what happened in [from, to). */
export const attemptsQuery = z.strictObject({
  ...listQuery,
  campaign_id: resourceId.optional(),
  code: typedCode.optional(),
  customer: customerIdentifier.optional(),
  from: instant.optional(),
  to: instant.optional(),
});
export type AttemptsQuery = z.output<typeof attemptsQuery>;
