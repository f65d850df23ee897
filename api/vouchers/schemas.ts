/** Vouchers, publications and batches on the wire. */
import { z } from "@hono/zod-openapi";
import { voucherLimitsSchema } from "../campaigns/limits-schema.ts";
import { rulesSchema } from "../campaigns/rule-schema.ts";
import { normalizeCode } from "../domain/codes.ts";
import { amount, customerReference, externalId, instant, metadata, typedCode } from "../http/schemas.ts";

const kinds = ["unique", "generic", "gift_card"] as const;
const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
/** What any new voucher says about itself, however it comes: alone, in a batch, in a file. */
export const newVoucherFields = {
  kind: z.enum(kinds).optional().openapi({
    description: "Default: unique, one code with one use; in a gift card campaign gift_card, and no other is possible.",
  }),
  redemptions_max: count
    .optional()
    .openapi({ description: "Default: 1 for a unique voucher, no maximum for a generic one or a gift card." }),
  balance_amount: amount
    .min(1)
    .optional()
    .openapi({ description: "What a gift card holds. Required for one.", example: 5000 }),
  starts_at: instant.optional(),
  expires_at: instant.optional(),
  metadata: metadata.optional(),
};

export function checkWindow(
  given: { starts_at?: string | undefined; expires_at?: string | undefined },
  context: z.RefinementCtx,
) {
  if (given.starts_at && given.expires_at && Date.parse(given.expires_at) <= Date.parse(given.starts_at)) {
    context.addIssue({ code: "custom", path: ["expires_at"], message: "must be after starts_at" });
  }
}

export const newCode = typedCode
  .refine((text) => normalizeCode(text) !== null, "must be 1 to 64 letters A-Z, digits, dots, hyphens or underscores")
  .openapi({ description: "Kept in upper case. Absent: a code is made.", example: "SALE10" });

export const createVoucherBody = z
  .strictObject({
    ...newVoucherFields,
    code: newCode.optional(),
    customer: customerReference.optional(),
    limits: voucherLimitsSchema.optional(),
    rules: rulesSchema.optional(),
  })
  .superRefine(checkWindow)
  .superRefine((given, context) => {
    if (given.kind === "generic" && given.code === undefined) {
      context.addIssue({ code: "custom", path: ["code"], message: "is required for a generic voucher" });
    }
  })
  .openapi("NewVoucher", { example: { kind: "generic", code: "SALE10" } });
export type VoucherInput = z.infer<typeof createVoucherBody>;

export const voucherWire = z
  .object({
    id: z.string(),
    code: z.string(),
    campaign_id: z.string(),
    kind: z.enum(kinds),
    status: z
      .enum(["created", "distributed", "reserved", "redeemed", "expired", "disabled"])
      .openapi({ description: "reserved: a reservation holds its last use." }),
    redemptions_max: z.int().nullable(),
    redemptions_count: z.int(),
    discount_amount: amount,
    balance_amount: amount.nullable().openapi({ description: "What is left on a gift card." }),
    customer: customerReference.nullable(),
    batch_id: z.string().nullable(),
    starts_at: instant.nullable(),
    expires_at: instant.nullable(),
    limits: voucherLimitsSchema,
    rules: z.union([rulesSchema, z.null()]),
    metadata,
    version: z.int(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Voucher");
export type VoucherWire = z.infer<typeof voucherWire>;

export const topUpBody = z
  .strictObject({ amount: amount.min(1), reason: z.string().min(1).max(500).optional() })
  .openapi("GiftCardTopUp", { example: { amount: 1000, reason: "Sorry for the delay" } });
export type TopUpInput = z.infer<typeof topUpBody>;

export const assignBody = z
  .strictObject({ customer: customerReference })
  .openapi("VoucherAssignment", { example: { customer: { identifier: "customer-1" } } });

export const publishBody = z
  .strictObject({
    customer: customerReference,
    channel: z.string().min(1).max(100).optional().openapi({ description: "Default: api." }),
    source_id: externalId.optional().openapi({ description: "The same id publishes once." }),
    occurred_at: instant.optional().openapi({ description: "When it was handed out. Needs the scope import." }),
  })
  .openapi("NewPublication", { example: { customer: { identifier: "customer-1" }, channel: "letter" } });
export type PublishInput = z.infer<typeof publishBody>;

const affix = z
  .string()
  .min(1)
  .max(20)
  .refine((text) => normalizeCode(text) !== null, "must be letters A-Z, digits, dots, hyphens or underscores");

export const patternSchema = z
  .strictObject({
    prefix: affix.optional(),
    suffix: affix.optional(),
    charset: z
      .enum(["digits", "letters", "mixed"])
      .openapi({ description: "Letters and mixed leave out characters that look alike." }),
    length: z.int().min(1).max(24).openapi({ description: "Random characters, without prefix and suffix." }),
  })
  .openapi("CodePattern");

const batchSizeMax = 5_000_000;

export const createBatchBody = z
  .strictObject({
    ...newVoucherFields,
    size: z.int().min(1).max(batchSizeMax),
    pattern: patternSchema,
    weak_pattern: z.enum(["refuse", "accept"]).optional().openapi({
      description:
        "Default: refuse unique codes that could be guessed. Accept: 100 possible codes for each voucher are enough. Never for gift cards.",
    }),
  })
  .superRefine(checkWindow)
  .openapi("NewVoucherBatch", {
    example: { size: 1000, pattern: { prefix: "AUT-", charset: "mixed", length: 12 } },
  });
export type BatchInput = z.infer<typeof createBatchBody>;

/** What each voucher of a batch is like, as stored with the batch. */
export const batchTemplate = z.strictObject({
  kind: z.enum(kinds),
  redemptions_max: z.int().nullable(),
  balance_amount: amount.nullable().default(null),
  starts_at: instant.nullable(),
  expires_at: instant.nullable(),
  metadata,
});

export const batchWire = z
  .object({
    id: z.string(),
    campaign_id: z.string(),
    status: z.enum(["running", "done", "failed", "cancelled"]),
    size: z.int(),
    done: z.int().openapi({ description: "Codes that exist already." }),
    pattern: patternSchema,
    kind: z.enum(kinds),
    redemptions_max: z.int().nullable(),
    balance_amount: amount.nullable(),
    starts_at: instant.nullable(),
    expires_at: instant.nullable(),
    metadata,
    error: z.string().nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("VoucherBatch");
export type BatchWire = z.infer<typeof batchWire>;
