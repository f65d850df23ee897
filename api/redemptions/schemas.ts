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
  codes: z
    .array(typedCode)
    .max(codesMax)
    .openapi({ description: "May be empty: then only automatic campaigns apply." }),
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

const ttlSecondsMax = 30 * 86_400;

export const reservationBody = z
  .strictObject({
    ...request,
    order: orderRequiredId,
    ttl_seconds: z
      .int()
      .min(1)
      .max(ttlSecondsMax)
      .openapi({ description: "What is held is given back after so many seconds.", example: 900 }),
  })
  .openapi("ReservationRequest", { example: { ...example, ttl_seconds: 900 } });

const returnedItem = z.strictObject({
  index: z.int().min(0).max(499).openapi({ description: "Of the line, from 0" }),
  quantity: z.int().min(1).max(1_000_000).openapi({ description: "Units given back" }),
});

/** Without `amount` and `items`: all that is left. */
export const rollbackBody = z
  .strictObject({
    amount: z.int().min(1).max(1_000_000_000_000).optional().openapi({ description: "Discount to give back" }),
    items: z.array(returnedItem).min(1).max(500).optional(),
    reason: z.string().min(1).max(500).optional(),
  })
  .superRefine((given, context) => {
    if (given.amount !== undefined && given.items !== undefined) {
      context.addIssue({ code: "custom", path: ["items"], message: "goes without amount: give one of them" });
    }
    const seen = new Set<number>();
    for (const [position, { index }] of (given.items ?? []).entries()) {
      if (seen.has(index)) {
        context.addIssue({ code: "custom", path: ["items", position, "index"], message: "names a line twice" });
      }
      seen.add(index);
    }
  })
  .openapi("RollbackRequest", { example: { items: [{ index: 0, quantity: 1 }], reason: "Sent back" } });

const factValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string()), z.array(z.number())]);

const reasonShape = {
  key: z.string().openapi({ example: "order_below_minimum" }),
  code: z.int().optional().openapi({ example: 2001 }),
  message: z.string().openapi({ example: "Add 4.20 EUR more to use this code." }),
  rule_id: z.string().optional(),
  expected: z
    .union([factValue, z.record(z.string(), z.unknown())])
    .optional()
    .openapi({ description: "What was asked; of places, birthdays and recurring windows an object, as in the rule" }),
  actual: factValue.optional(),
  gap: z.number().optional().openapi({ description: "What is missing, in the fact's own unit", example: 420 }),
};

const reason = z.object(reasonShape).openapi("Reason");
const codedReason = z.object({ ...reasonShape, voucher_code: z.string() }).openapi("RejectionReason");

const rewardTypes = [
  "order_discount",
  "item_discount",
  "shipping_discount",
  "buy_x_get_y",
  "bundle",
  "free_item",
  "points",
  "voucher",
  "pool_voucher",
  "gift_credit",
  "gift_card",
] as const;

const reward = z
  .object({
    type: z.enum(rewardTypes),
    discount_amount: amount.openapi({ description: "Off this order" }),
    points: z.int().optional(),
    expires_in_days: z.int().optional(),
    amount: amount.optional().openapi({ description: "Of credit" }),
    campaign_id: z.string().optional().openapi({ description: "Of the voucher, or of the gift card" }),
    pool_id: z.string().optional(),
    item: z.object({ sku: z.string(), product_id: z.string().nullable(), name: z.string().nullable() }).optional(),
    quantity: z.int().optional(),
    missing_quantity: z.int().optional().openapi({ description: "Free items that the order does not have yet" }),
    issued_code: z.string().optional().openapi({ description: "The code that the customer was given" }),
  })
  .openapi("GivenReward");

const applied = {
  campaign_id: z.string().nullable(),
  discount_amount: amount,
  shipping_discount_amount: amount.optional().openapi({ description: "The part of it that is off shipping" }),
  rewards: z.array(reward),
};

export const codeWire = z
  .object({ code: z.string(), applicable: z.boolean(), ...applied, reasons: z.array(reason) })
  .openapi("CodeResult");

export const automaticWire = z.object(applied).openapi("AutomaticResult", {
  description: "A campaign that applied without a code",
});

export const orderWire = z
  .object({
    id: z.string().nullable(),
    currency,
    channel: z.string().nullable(),
    store_id: z.string().nullable(),
    amount: amount.openapi({ description: "The lines before discounts, without shipping" }),
    shipping_amount: amount,
    discount_amount: amount,
    shipping_discount_amount: amount.optional(),
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
  action: z.enum(["allow", "flag", "hold", "reject"]),
  reasons: z.array(z.string()),
});

const content = {
  codes: z.array(codeWire),
  automatic: z.array(automaticWire).default([]),
  discount_amount: amount,
  customer: z.object({ identifier: z.string() }).nullable(),
  order: orderWire,
  rewards: z.array(
    reward.extend({ voucher_code: z.string().nullable().openapi({ description: "Null for an automatic campaign" }) }),
  ),
  risk,
  source: z.string(),
};

export const reservationWire = z
  .object({
    id: z.string().openapi({ example: "res_01k9m2v8f3e5h9t0q4w6y8z1ab" }),
    status: z.enum(["held", "confirmed", "cancelled", "expired"]),
    expires_at: z.string(),
    redemption_id: z.string().nullable().openapi({ description: "Once it is confirmed" }),
    ...content,
    created_at: z.string(),
    ended_at: z.string().nullable(),
  })
  .openapi("Reservation");

export const redemptionWire = z
  .object({
    id: z.string().openapi({ example: "red_01k9m2v8f3e5h9t0q4w6y8z1ab" }),
    status: z.enum(["redeemed", "rolled_back"]),
    ...content,
    rolled_back_amount: amount.default(0).openapi({ description: "Discount that was given back" }),
    occurred_at: z.string(),
    created_at: z.string(),
  })
  .openapi("Redemption");

export const rollbackWire = z
  .object({
    id: z.string().openapi({ example: "rol_01k9m2v8f3e5h9t0q4w6y8z1ab" }),
    redemption_id: z.string(),
    discount_amount: amount.openapi({ description: "Discount that went back" }),
    remaining_discount_amount: amount.default(0).openapi({ description: "Discount that still stands" }),
    whole: z.boolean().default(true).openapi({ description: "Nothing of the redemption is left" }),
    items: z
      .array(z.object({ index: z.int(), quantity: z.int(), discount_amount: amount }))
      .default([])
      .openapi({ description: "What went back of each line; quantity 0 where only money did" }),
    points_returned: z.int().default(0).openapi({ description: "Spent points that the customer has again" }),
    revoked: z
      .array(z.object({ reward_id: z.string(), type: z.enum(rewardTypes), recovered: z.boolean() }))
      .default([])
      .openapi({ description: "Rewards that were issued; not recovered where they were used already" }),
    reason: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("Rollback");

const trace = z
  .array(z.record(z.string(), z.unknown()))
  .openapi({ description: "One entry a code, then one an automatic campaign: what was asked, seen and concluded" });
const explanation = z
  .array(z.string())
  .openapi({ description: "The trace in plain language, a line a condition, indented by depth" });

export const redemptionDetailWire = redemptionWire
  .extend({
    rollback: z
      .object({ id: z.string(), reason: z.string().nullable(), occurred_at: z.string() })
      .nullable()
      .openapi({ description: "The one that undid it whole" }),
    rollbacks: z.array(rollbackWire),
    trace,
    explanation,
  })
  .openapi("RedemptionDetail");

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

export const rejectionDetailWire = rejectionWire.extend({ trace, explanation }).openapi("RejectionDetail");

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
