/** What begins a run. */
import { z } from "@hono/zod-openapi";
import { parseLocalTime } from "../domain/time.ts";
import { amount, currency, resourceId } from "../http/schemas.ts";

export const localTimeText = z
  .string()
  .max(5)
  .refine((text) => parseLocalTime(text) !== null, "Expected a time of day such as 09:00")
  .openapi({ example: "09:00" });

const campaignIds = z.array(resourceId).min(1).max(50).optional();
const onADay = {
  days_before: z.int().min(0).max(60).optional().openapi({ description: "Default 0: on the day itself" }),
  at: localTimeText.optional().openapi({ description: "Local time of day, default 09:00" }),
};

export const triggerSchema = z
  .discriminatedUnion("on", [
    z.strictObject({ on: z.literal("customer.created") }),
    z.strictObject({ on: z.literal("customer.birthday"), ...onADay }),
    z.strictObject({ on: z.literal("customer.anniversary"), ...onADay }),
    z.strictObject({ on: z.literal("order.paid") }),
    z.strictObject({ on: z.literal("redemption.succeeded"), campaign_ids: campaignIds }),
    z.strictObject({ on: z.literal("redemption.rejected"), campaign_ids: campaignIds }),
    z.strictObject({ on: z.literal("voucher.published"), campaign_ids: campaignIds }),
    z.strictObject({
      on: z.literal("voucher.expiring"),
      days_before: z.int().min(1).max(365),
      campaign_ids: campaignIds,
    }),
    z.strictObject({ on: z.literal("points.reached"), points: z.int().min(1).max(1_000_000_000) }),
    z.strictObject({
      on: z.literal("orders.reached"),
      count: z.int().min(1).max(1_000_000).optional(),
      amount: amount.min(1).optional(),
      currency: currency.optional().openapi({ description: "Of the amount" }),
    }),
    z.strictObject({ on: z.literal("segment.entered"), segment_id: resourceId }),
    z.strictObject({ on: z.literal("segment.left"), segment_id: resourceId }),
    z.strictObject({ on: z.literal("custom"), name: z.string().min(1).max(200) }),
  ])
  .superRefine((trigger, context) => {
    if (trigger.on !== "orders.reached") return;
    if ((trigger.count === undefined) === (trigger.amount === undefined)) {
      context.addIssue({ code: "custom", path: [], message: "needs a count or an amount, and not both" });
    } else if ((trigger.amount === undefined) !== (trigger.currency === undefined)) {
      context.addIssue({ code: "custom", path: ["currency"], message: "an amount, and nothing else, has a currency" });
    }
  })
  .openapi("WorkflowTrigger", { example: { on: "order.paid" } });

export type Trigger = z.output<typeof triggerSchema>;
export type TriggerOn = Trigger["on"];

/** Their day or hour comes by itself: no event tells of it. */
const timed: readonly TriggerOn[] = ["customer.birthday", "customer.anniversary", "voucher.expiring"];

export function isTimed(on: string): boolean {
  return (timed as readonly string[]).includes(on);
}

/** Triggers whose event has an order that conditions may ask about. */
const withOrder: readonly TriggerOn[] = ["order.paid", "redemption.succeeded", "redemption.rejected", "orders.reached"];

export function hasOrder(on: TriggerOn): boolean {
  return withOrder.includes(on);
}

/** What `event.<field>` may ask for; null: the properties of the shop's own event, whatever they are. */
export const eventFields: Readonly<Record<TriggerOn, readonly string[] | null>> = {
  "customer.created": [],
  "customer.birthday": [],
  "customer.anniversary": ["years"],
  "order.paid": ["discount_amount", "total_amount"],
  "redemption.succeeded": ["campaign_ids", "codes_count", "discount_amount", "source"],
  "redemption.rejected": ["campaign_ids", "codes_count", "reasons", "source"],
  "voucher.published": ["campaign_id", "kind", "channel"],
  "voucher.expiring": ["campaign_id", "kind"],
  "points.reached": ["points", "balance"],
  "orders.reached": ["discount_amount", "total_amount"],
  "segment.entered": [],
  "segment.left": [],
  custom: null,
};
