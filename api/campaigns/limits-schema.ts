/** Limits and stacking on the wire and in storage (the same shape), and as the domain types that decisions use. */
import { z } from "@hono/zod-openapi";
import type { LimitsDefinition, PeriodLimit, Stacking } from "../domain/facts.ts";
import { amount } from "../http/schemas.ts";

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
/** Six periods, for everybody and for each customer. */
const periodLimitsMax = 12;

const periodLimit = z
  .strictObject({
    period: z.enum(["hour", "day", "week", "month", "quarter", "year"]),
    per: z
      .enum(["all", "customer"])
      .optional()
      .openapi({ description: "What everybody may use together (the default), or what each customer may." }),
    redemptions_max: count.optional(),
    discount_amount_max: amount.optional(),
  })
  .superRefine((given, context) => {
    if (given.redemptions_max === undefined && given.discount_amount_max === undefined) {
      context.addIssue({ code: "custom", message: "needs redemptions_max or discount_amount_max" });
    }
  })
  .openapi("PeriodLimit", { description: "Counted in the campaign's time zone; weeks begin on Monday." });

const periodLimits = z
  .array(periodLimit)
  .max(periodLimitsMax)
  .superRefine((given, context) => {
    const seen = new Set<string>();
    for (const [index, limit] of given.entries()) {
      const key = `${limit.period} ${limit.per ?? "all"}`;
      if (seen.has(key)) {
        const message = `there is a limit per ${limit.period} of this kind already`;
        context.addIssue({ code: "custom", path: [index, "period"], message });
      }
      seen.add(key);
    }
  });

const ofBoth = {
  redemptions_max: count.optional(),
  per_customer: count.optional().openapi({ description: "Uses of this campaign (or voucher) by one customer." }),
  per_voucher: count.optional().openapi({ description: "Uses of each voucher of the campaign." }),
  per_period: periodLimits.optional(),
  discount_amount_max: amount.optional(),
  discount_amount_max_per_customer: amount.optional(),
  discount_amount_max_per_order: amount.optional().openapi({ description: "Reduces the discount to this." }),
};

export const limitsSchema = z
  .strictObject({
    ...ofBoth,
    orders_amount_max: amount.optional().openapi({
      description: "Sum of the values of the orders it is used on, before discounts.",
    }),
  })
  .openapi("Limits");

export const voucherLimitsSchema = z.strictObject(ofBoth).openapi("VoucherLimits");

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
    ...(limits.per_period !== undefined && { perPeriod: limits.per_period.map(toPeriodLimit) }),
    ...(limits.discount_amount_max !== undefined && { discountAmountMax: limits.discount_amount_max }),
    ...(limits.discount_amount_max_per_customer !== undefined && {
      discountAmountMaxPerCustomer: limits.discount_amount_max_per_customer,
    }),
    ...(limits.orders_amount_max !== undefined && { ordersAmountMax: limits.orders_amount_max }),
    ...(limits.discount_amount_max_per_order !== undefined && {
      discountAmountMaxPerOrder: limits.discount_amount_max_per_order,
    }),
  };
}

function toPeriodLimit(limit: z.output<typeof periodLimit>): PeriodLimit {
  return {
    period: limit.period,
    per: limit.per ?? "all",
    ...(limit.redemptions_max !== undefined && { redemptionsMax: limit.redemptions_max }),
    ...(limit.discount_amount_max !== undefined && { discountAmountMax: limit.discount_amount_max }),
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
