/** Rewards on the wire and in storage: one schema for what a manager sends and for what comes back out of jsonb. */
import { z } from "@hono/zod-openapi";
import { tiersMax } from "../domain/rewards/check-value.ts";
import type { Reward } from "../domain/rewards/reward.ts";
import { checkReward, componentsMax } from "../domain/rewards/validate.ts";
import { amount, resourceId } from "../http/schemas.ts";
import { addFaults } from "./faults.ts";
import { ruleShape } from "./rule-schema.ts";

const rewardsMax = 10;
const unitsMax = 1_000_000;
const pointsMax = 1_000_000_000;

const units = z.int().min(1).max(unitsMax);
const pointsCount = z.int().min(1).max(pointsMax);
const percent = z.int().min(1).max(10_000).openapi({ description: "Basis points: 1000 is 10 %.", example: 1000 });
const positive = z.int().min(1).max(1_000_000_000_000);
const where = ruleShape.optional().openapi({ description: "Which lines, asked with `item.*`. Absent: every line." });

const conditional = {
  when: ruleShape
    .optional()
    .openapi({ description: "Given only if this holds. The other rewards do not depend on it." }),
};
const cap = {
  max_amount: positive.optional().openapi({ description: "The most this reward takes off in one order." }),
};
const times = { max_times: units.optional().openapi({ description: "How often it applies in one order." }) };
const fromAmount = amount.openapi({ description: "Holds from this order amount on, before discounts." });

const value = {
  percent_bp: percent.optional(),
  amount: positive.optional().openapi({ description: "Minor units off; of an item discount, off each unit." }),
  fixed_amount: amount.optional().openapi({
    description: "Minor units to pay instead: for the whole order, for each discounted unit, for shipping.",
  }),
};

const discount = {
  ...value,
  tiers: z
    .array(z.strictObject({ from_amount: fromAmount, ...value }).openapi("DiscountTier"))
    .min(1)
    .max(tiersMax)
    .optional()
    .openapi({
      description: "Instead of a value: one for each order amount, ascending. The highest tier reached holds.",
    }),
  ...cap,
  ...conditional,
};

const orderDiscount = z.strictObject({ type: z.literal("order_discount"), ...discount }).openapi("OrderDiscount", {
  description: "Off all lines together, each by what is left of it. Shipping stays as it is.",
  example: { type: "order_discount", percent_bp: 1000, max_amount: 2000 },
});

const itemDiscount = z
  .strictObject({
    type: z.literal("item_discount"),
    which: z.enum(["all", "cheapest", "most_expensive", "nth"]).openapi({
      description:
        "Every matching unit; one unit of the cheapest or dearest matching line (more with `max_quantity`); every n-th matching unit from the dearest down.",
    }),
    n: z.int().min(1).max(1000).optional().openapi({ description: "With `nth` only." }),
    where,
    ...discount,
    max_quantity: units.optional().openapi({ description: "At most so many units, the dearest first." }),
  })
  .openapi("ItemDiscount", { example: { type: "item_discount", which: "cheapest", percent_bp: 10_000 } });

const shippingDiscount = z
  .strictObject({ type: z.literal("shipping_discount"), ...discount })
  .openapi("ShippingDiscount", {
    description: "Off the order's `shipping_amount`.",
    example: { type: "shipping_discount", percent_bp: 10_000 },
  });

const buyXGetY = z
  .strictObject({
    type: z.literal("buy_x_get_y"),
    buy: z.strictObject({ where, quantity: units }),
    get: z.strictObject({ where, quantity: units, percent_bp: percent }),
    ...times,
    ...cap,
    ...conditional,
  })
  .openapi("BuyXGetY", {
    description:
      "For every `buy.quantity` units, up to `get.quantity` others, the cheapest, for less. A unit counts once, as bought or as got.",
    example: { type: "buy_x_get_y", buy: { quantity: 2 }, get: { quantity: 1, percent_bp: 10_000 } },
  });

const bundle = z
  .strictObject({
    type: z.literal("bundle"),
    items: z
      .array(
        z.strictObject({
          where: ruleShape.openapi({ description: "Which lines, asked with `item.*`." }),
          quantity: units,
        }),
      )
      .min(1)
      .max(componentsMax),
    fixed_amount: amount,
    ...times,
    ...cap,
    ...conditional,
  })
  .openapi("BundleReward", {
    description: "All components together for `fixed_amount`, as often as that saves something, dearest units first.",
    example: {
      type: "bundle",
      items: [
        { where: { on: "item.categories", op: "any_of", value: ["shirts"] }, quantity: 2 },
        { where: { on: "item.categories", op: "any_of", value: ["ties"] }, quantity: 1 },
      ],
      fixed_amount: 7900,
    },
  });

const freeItem = z
  .strictObject({
    type: z.literal("free_item"),
    item: z.strictObject({
      sku: z.string().min(1).max(200),
      product_id: z.string().min(1).max(200).optional(),
      name: z.string().min(1).max(500).optional(),
      quantity: units.optional().openapi({ description: "Default: 1." }),
    }),
    ...conditional,
  })
  .openapi("FreeItemReward", {
    description: "Units of that SKU become free; the answer says how many of them the shop has yet to add.",
    example: { type: "free_item", item: { sku: "mug", name: "Mug" } },
  });

const points = z
  .strictObject({
    type: z.literal("points"),
    points: pointsCount.optional().openapi({ description: "Fixed; with `per_amount`, for each of it (default 1)." }),
    per_amount: positive
      .optional()
      .openapi({ description: "For each full such amount of the lines that is left to pay." }),
    tiers: z
      .array(z.strictObject({ from_amount: fromAmount, points: pointsCount }).openapi("PointsTier"))
      .min(1)
      .max(tiersMax)
      .optional(),
    max_points: pointsCount.optional().openapi({ description: "The most points in one order." }),
    expires_in_days: z.int().min(1).max(36_500).optional(),
    ...conditional,
  })
  .openapi("PointsReward", { example: { type: "points", per_amount: 100, expires_in_days: 365 } });

const newVoucher = z
  .strictObject({ type: z.literal("voucher"), campaign_id: resourceId, ...conditional })
  .openapi("VoucherReward", { description: "A new unique voucher of that campaign, for this customer." });

const poolVoucher = z
  .strictObject({ type: z.literal("pool_voucher"), pool_id: resourceId, ...conditional })
  .openapi("PoolVoucherReward", { description: "A code out of that pool." });

const giftCredit = z
  .strictObject({
    type: z.literal("gift_credit"),
    amount: positive,
    campaign_id: resourceId.optional().openapi({ description: "A gift card campaign. Absent: the project's own." }),
    ...conditional,
  })
  .openapi("GiftCreditReward", {
    description: "Credit on the customer's gift card of that campaign.",
    example: { type: "gift_credit", amount: 500 },
  });

const all = [
  orderDiscount,
  itemDiscount,
  shippingDiscount,
  buyXGetY,
  bundle,
  freeItem,
  points,
  newVoucher,
  poolVoucher,
  giftCredit,
] as const;
const ofReferrers = [points, newVoucher, poolVoucher, giftCredit] as const;

function unknownType(types: readonly { readonly shape: { readonly type: { readonly value: string } } }[]) {
  const names = types.map(({ shape }) => shape.type.value).join(", ");
  return {
    error: (issue: { readonly code?: string | undefined }) =>
      issue.code === "invalid_union" ? `must be one of ${names}` : undefined,
  };
}

/** Its shape, and what its fields mean together: one kind of value or tiers, `n` with `nth` only, paths that exist. */
const rewardSchema = z
  .discriminatedUnion("type", all, unknownType(all))
  .superRefine((given, context) => addFaults(context, checkReward(given as Reward)))
  .openapi("Reward");

const referrerRewardSchema = z
  .discriminatedUnion("type", ofReferrers, unknownType(ofReferrers))
  .superRefine((given, context) => addFaults(context, checkReward(given as Reward)))
  .openapi("ReferrerReward");

/** Empty for gift card campaigns only: that is the campaign's to check. */
export const rewardsSchema = z.array(rewardSchema).max(rewardsMax);

/** A referrer buys nothing: only what can be given without an order. */
export const referrerRewardsSchema = z.array(referrerRewardSchema).max(rewardsMax);

/** @throws ZodError when the stored rewards are not ones this version understands: a bug, or data written around the API. */
export function parseStoredRewards(stored: unknown): readonly Reward[] {
  return rewardsSchema.parse(stored) as Reward[];
}
