/** Limits and stacking on the wire and in storage (the same shape), and as the domain types that decisions use. */
import { z } from "@hono/zod-openapi";
import type { LimitsDefinition, Stacking } from "../domain/facts.ts";
import { amount } from "../http/schemas.ts";

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

export const limitsSchema = z
  .strictObject({
    redemptions_max: count.optional(),
    per_customer: count.optional().openapi({ description: "Uses of this campaign (or voucher) by one customer." }),
    per_voucher: count.optional().openapi({ description: "Uses of each voucher of the campaign." }),
    discount_amount_max: amount.optional(),
    discount_amount_max_per_order: amount.optional().openapi({ description: "Reduces the discount to this." }),
  })
  .openapi("Limits");

export const stackingSchema = z
  .strictObject({
    exclusive: z.boolean().optional(),
    group: z.string().min(1).max(100).optional(),
    order: z.int().min(-1000).max(1000).optional().openapi({ description: "Lower applies first." }),
    max_per_order: z.int().min(1).max(100).optional(),
  })
  .openapi("Stacking");

/** @throws ZodError when the stored value is not one this version understands. */
export function parseStoredLimits(stored: unknown): LimitsDefinition {
  const limits = limitsSchema.parse(stored);
  return {
    ...(limits.redemptions_max !== undefined && { redemptionsMax: limits.redemptions_max }),
    ...(limits.per_customer !== undefined && { perCustomer: limits.per_customer }),
    ...(limits.per_voucher !== undefined && { perVoucher: limits.per_voucher }),
    ...(limits.discount_amount_max !== undefined && { discountAmountMax: limits.discount_amount_max }),
    ...(limits.discount_amount_max_per_order !== undefined && {
      discountAmountMaxPerOrder: limits.discount_amount_max_per_order,
    }),
  };
}

/** @throws ZodError when the stored value is not one this version understands. */
export function parseStoredStacking(stored: unknown): Stacking {
  const stacking = stackingSchema.parse(stored);
  return {
    ...(stacking.exclusive !== undefined && { exclusive: stacking.exclusive }),
    ...(stacking.group !== undefined && { group: stacking.group }),
    ...(stacking.order !== undefined && { order: stacking.order }),
    ...(stacking.max_per_order !== undefined && { maxPerOrder: stacking.max_per_order }),
  };
}
