/** Rewards on the wire and in storage: one schema for what a manager sends and for what comes back out of jsonb. */
import { z } from "@hono/zod-openapi";
import type { Reward } from "../domain/rewards/reward.ts";
import { checkReward } from "../domain/rewards/validate.ts";
import { amount } from "../http/schemas.ts";
import { addFaults } from "./faults.ts";
import { ruleShape } from "./rule-schema.ts";

const rewardsMax = 10;

const value = {
  percent_bp: z.int().min(1).max(10_000).optional().openapi({ description: "Basis points: 1000 is 10 %." }),
  amount: amount.optional().openapi({ description: "Minor units off; of an item discount, off each unit." }),
  fixed_amount: amount.optional().openapi({ description: "Minor units to pay instead." }),
  max_amount: amount.optional().openapi({ description: "The most this reward gives in one order." }),
  when: ruleShape.optional(),
};

const orderDiscount = z.strictObject({ type: z.literal("order_discount"), ...value }).openapi("OrderDiscount");

const itemDiscount = z
  .strictObject({
    type: z.literal("item_discount"),
    which: z.enum(["all", "cheapest", "most_expensive", "nth"]),
    n: z.int().min(1).max(1000).optional(),
    where: ruleShape.optional(),
    ...value,
    max_quantity: z.int().min(1).max(1_000_000).optional(),
  })
  .openapi("ItemDiscount");

/** Exactly one of `percent_bp`, `amount` and `fixed_amount`; `n` with `nth` only. */
export const rewardSchema = z
  .discriminatedUnion("type", [orderDiscount, itemDiscount], {
    error: (issue) =>
      issue.code === "invalid_union" ? "must be one of the available types: order_discount, item_discount" : undefined,
  })
  .superRefine((given, context) => addFaults(context, checkReward(given as Reward)))
  .openapi("Reward");

export const rewardsSchema = z.array(rewardSchema).min(1).max(rewardsMax);

/** @throws ZodError when the stored rewards are not ones this version understands: a bug, or data written around the API. */
export function parseStoredRewards(stored: unknown): readonly Reward[] {
  return z.array(rewardSchema).max(rewardsMax).parse(stored) as Reward[];
}
