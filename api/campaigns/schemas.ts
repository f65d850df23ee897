/** Campaigns on the wire. */
import { z } from "@hono/zod-openapi";
import { amount, currency, instant, metadata, nameOf, resourceId } from "../http/schemas.ts";
import { autoGrowSchema, lowStockSchema } from "../publications/auto-grow-schema.ts";
import { exclusionsSchema } from "./exclusions-schema.ts";
import { limitsSchema, stackingSchema } from "./limits-schema.ts";
import { referrerRewardsSchema, rewardsSchema } from "./reward-schema.ts";
import { rulesSchema } from "./rule-schema.ts";

export const campaignTypes = ["main", "sub"] as const;
export const campaignStatuses = ["draft", "active", "paused", "archived"] as const;
const templates = ["discount", "loyalty", "gift_card", "referral"] as const;
/** What a sub-campaign is for: a redemption at the checkout, a change of points, or what a workflow can begin with. */
const triggers = [
  "redemption",
  "points_change",
  "custom",
  "customer.created",
  "customer.birthday",
  "customer.anniversary",
  "customer.orders_count_reached",
  "customer.orders_amount_reached",
  "order.paid",
  "redemption.succeeded",
  "redemption.rejected",
  "voucher.published",
  "voucher.expiring",
  "points.level_reached",
  "segment.entered",
  "segment.left",
] as const;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Intl also takes offsets; those know nothing of summer time and PostgreSQL reads their sign the other way round.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

const timeZone = z
  .string()
  .min(1)
  .max(64)
  .refine(isTimeZone, "must be an IANA time zone, e.g. Europe/Berlin")
  .openapi({ example: "Europe/Berlin" });
const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const budgetPolicy = z
  .enum(["refuse", "trim"])
  .openapi({ description: "What happens to a discount that does not fit in what is left of the budget." });

const pointsPrice = z
  .int()
  .min(1)
  .max(1_000_000_000)
  .openapi({ description: "Points of the customer that one use costs." });
const lifetimeDays = z.int().min(1).max(3650).openapi({
  description: "A voucher expires so many days after it was handed out, or earlier when it says so itself.",
});
const onRollback = z.enum(["keep", "recalculate", "revoke"]).openapi({
  description:
    "What a partial rollback does to the rest. keep: the rest stays as it was. recalculate: the rest is decided again, and what it would get less goes back too. revoke: all goes back when the rest no longer meets the rules.",
});

/** What a manager may say of any campaign. Absent: no bound, no text. */
const common = {
  name: nameOf(200),
  currency,
  starts_at: instant.optional(),
  ends_at: instant.optional().openapi({ description: "Exclusive." }),
  time_zone: timeZone.optional(),
  budget_amount: amount.optional(),
  budget_policy: budgetPolicy.optional(),
  redemptions_max: count.optional(),
  limits: limitsSchema.optional(),
  rules: rulesSchema.optional(),
  team: z.string().min(1).max(100).optional(),
  budget_code: z.string().min(1).max(100).optional(),
  channel: z.string().min(1).max(100).optional(),
  purpose: z.string().min(1).max(200).optional(),
  medium: z.string().min(1).max(100).optional(),
  customer_information: z.string().min(1).max(2000).optional(),
  metadata: metadata.optional(),
};

const ofSub = {
  parent_id: resourceId.openapi({ description: "A main campaign of the same currency." }),
  triggers_on: z.enum(triggers).optional().openapi({
    description:
      "What it is meant for, told to people. Nothing happens by it: a workflow that begins there hands its vouchers out. Default: redemption.",
  }),
  trigger_name: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .openapi({ description: "The event's name; with `triggers_on: custom` only." }),
  rewards: rewardsSchema.optional().openapi({ description: "At least one, but under a gift card campaign." }),
  referrer_rewards: referrerRewardsSchema.optional().openapi({
    description: "What the referrer gets when a friend uses their code. Under a referral campaign only.",
  }),
  automatic: z
    .boolean()
    .optional()
    .openapi({ description: "Applies without a code, whenever it fits. Default: false." }),
  stacking: stackingSchema.optional(),
  exclusions: exclusionsSchema.optional(),
  points_price: pointsPrice.optional(),
  voucher_lifetime_days: lifetimeDays.optional(),
  low_stock: lowStockSchema.optional(),
  auto_grow: autoGrowSchema.optional().openapi({
    description: "Makes vouchers by itself when they run out, and one at once for who would find none.",
  }),
  holdout_percent: z.int().min(0).max(100).optional(),
  holdout_codes: z.boolean().optional(),
  on_cancel: z.enum(["rollback", "keep"]).optional(),
  on_rollback: onRollback.optional(),
};

const mainShape = z.strictObject({ type: z.literal("main"), template: z.enum(templates).optional(), ...common });
const subShape = z.strictObject({ type: z.literal("sub"), ...common, ...ofSub });

function checkWindow(
  given: { starts_at?: string | undefined; ends_at?: string | undefined },
  context: z.RefinementCtx,
) {
  if (given.starts_at && given.ends_at && Date.parse(given.ends_at) <= Date.parse(given.starts_at)) {
    context.addIssue({ code: "custom", path: ["ends_at"], message: "must be after starts_at" });
  }
}

function checkTrigger(given: z.infer<typeof subShape>, context: z.RefinementCtx) {
  if (given.triggers_on === "custom" && given.trigger_name === undefined) {
    context.addIssue({ code: "custom", path: ["trigger_name"], message: "is required with triggers_on custom" });
  }
  if (given.triggers_on !== "custom" && given.trigger_name !== undefined) {
    context.addIssue({ code: "custom", path: ["trigger_name"], message: "goes with triggers_on custom only" });
  }
  if (given.automatic === true && (given.triggers_on ?? "redemption") !== "redemption") {
    context.addIssue({ code: "custom", path: ["automatic"], message: "goes with triggers_on redemption only" });
  }
  if (given.automatic === true && given.points_price !== undefined) {
    const message = "goes with codes only: nobody pays points without asking for it";
    context.addIssue({ code: "custom", path: ["points_price"], message });
  }
}

const exampleMain = { type: "main", name: "Autumn", template: "discount", currency: "EUR", budget_amount: 500_000 };

export const createCampaignBody = z
  .discriminatedUnion("type", [
    mainShape.superRefine(checkWindow).openapi("NewMainCampaign", { example: exampleMain }),
    subShape
      .superRefine(checkWindow)
      .superRefine(checkTrigger)
      .openapi("NewSubCampaign", {
        example: {
          type: "sub",
          parent_id: "cam_01jz8q6k3nf5vbe5n2yq0x4t7d",
          name: "Back again",
          currency: "EUR",
          rules: { on: "order.amount", op: "greater_or_equal", value: 2000 },
          rewards: [{ type: "order_discount", amount: 500 }],
        },
      }),
  ])
  .openapi("NewCampaign", { example: exampleMain });
export type CampaignInput = z.infer<typeof createCampaignBody>;
export type SubCampaignInput = Extract<CampaignInput, { type: "sub" }>;

/** Null takes a field back to its default. The whole that results is checked like a new campaign. */
export const patchCampaignBody = z
  .strictObject({
    version: z.int().min(1).optional().openapi({
      description: "The version that was read: the change is refused (409) when the campaign has moved on.",
    }),
    name: common.name.optional(),
    currency: currency.optional(),
    parent_id: resourceId.optional(),
    template: z.enum(templates).nullish(),
    starts_at: instant.nullish(),
    ends_at: instant.nullish(),
    time_zone: timeZone.nullish(),
    budget_amount: amount.nullish(),
    budget_policy: budgetPolicy.nullish(),
    redemptions_max: count.nullish(),
    limits: z.union([limitsSchema, z.null()]).optional(),
    rules: z.union([rulesSchema, z.null()]).optional(),
    rewards: rewardsSchema.optional(),
    referrer_rewards: referrerRewardsSchema.nullish(),
    automatic: ofSub.automatic.nullable(),
    stacking: z.union([stackingSchema, z.null()]).optional(),
    exclusions: z.union([exclusionsSchema, z.null()]).optional(),
    points_price: pointsPrice.nullish(),
    voucher_lifetime_days: lifetimeDays.nullish(),
    low_stock: lowStockSchema.nullish(),
    auto_grow: z.union([autoGrowSchema, z.null()]).optional(),
    triggers_on: z.enum(triggers).nullish(),
    trigger_name: z.string().min(1).max(100).nullish(),
    holdout_percent: ofSub.holdout_percent.nullable(),
    holdout_codes: ofSub.holdout_codes.nullable(),
    on_cancel: ofSub.on_cancel.nullable(),
    on_rollback: onRollback.nullish(),
    team: z.string().min(1).max(100).nullish(),
    budget_code: z.string().min(1).max(100).nullish(),
    channel: z.string().min(1).max(100).nullish(),
    purpose: z.string().min(1).max(200).nullish(),
    medium: z.string().min(1).max(100).nullish(),
    customer_information: z.string().min(1).max(2000).nullish(),
    metadata: metadata.nullish(),
  })
  .openapi("CampaignPatch", { example: { version: 1, name: "Back again, until Christmas" } });
export type CampaignPatch = z.infer<typeof patchCampaignBody>;

export const campaignWire = z
  .object({
    id: z.string(),
    type: z.enum(campaignTypes),
    parent_id: z.string().nullable(),
    name: z.string(),
    template: z.enum(templates),
    status: z.enum(campaignStatuses),
    triggers_on: z.enum(triggers).nullable(),
    trigger_name: z.string().nullable(),
    starts_at: instant.nullable(),
    ends_at: instant.nullable(),
    time_zone: z.string(),
    currency: z.string(),
    budget_amount: amount.nullable(),
    budget_policy: budgetPolicy,
    redemptions_max: z.int().nullable(),
    limits: limitsSchema,
    rules: z.union([rulesSchema, z.null()]),
    rewards: rewardsSchema,
    referrer_rewards: rewardsSchema,
    automatic: z.boolean(),
    stacking: stackingSchema,
    exclusions: exclusionsSchema,
    points_price: pointsPrice.nullable(),
    voucher_lifetime_days: lifetimeDays.nullable(),
    low_stock: lowStockSchema.nullable(),
    auto_grow: z.union([autoGrowSchema, z.null()]),
    holdout_percent: z.int(),
    holdout_codes: z.boolean(),
    on_cancel: z.enum(["rollback", "keep"]),
    on_rollback: onRollback,
    team: z.string().nullable(),
    budget_code: z.string().nullable(),
    channel: z.string().nullable(),
    purpose: z.string().nullable(),
    medium: z.string().nullable(),
    customer_information: z.string().nullable(),
    metadata,
    usage: z.object({
      redemptions_count: z.int(),
      discount_amount: amount,
      orders_amount: amount.openapi({ description: "Values of the orders it was used on, before discounts." }),
    }),
    version: z.int().openapi({ description: "Grows with every change." }),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Campaign");
export type CampaignWire = z.infer<typeof campaignWire>;

const definitionWire = campaignWire
  .omit({ usage: true, created_at: true, updated_at: true })
  .openapi("CampaignDefinition");
export type CampaignDefinition = z.infer<typeof definitionWire>;

export const campaignVersionWire = z
  .object({
    campaign_id: z.string(),
    version: z.int(),
    created_at: instant.openapi({ description: "Since when it holds, until the next version." }),
    definition: definitionWire,
  })
  .openapi("CampaignVersion");
export type CampaignVersionWire = z.infer<typeof campaignVersionWire>;
