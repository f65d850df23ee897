/** What a run does, one after the other. */
import { z } from "@hono/zod-openapi";
import { ruleShape } from "../campaigns/rule-schema.ts";
import { amount, currency, resourceId } from "../http/schemas.ts";
import { localTimeText } from "./trigger-schema.ts";

const waitDaysMax = 365;

const to = z.enum(["customer", "referrer"]).optional().openapi({
  description: "Whom it is for: default the customer; `referrer`: whose referral code the redemption used",
});

export const stepSchema = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("wait"),
      minutes: z
        .int()
        .min(1)
        .max(waitDaysMax * 24 * 60)
        .optional(),
      hours: z
        .int()
        .min(1)
        .max(waitDaysMax * 24)
        .optional(),
      days: z.int().min(1).max(waitDaysMax).optional(),
      until: localTimeText.optional().openapi({ description: "Until it is this time of day where the customer is" }),
    }),
    z.strictObject({ type: z.literal("condition"), rule: ruleShape }),
    z.strictObject({ type: z.literal("publish_voucher"), campaign_id: resourceId, to }),
    z.strictObject({
      type: z.literal("points"),
      points: z.int().min(1).max(1_000_000),
      expires_in_days: z.int().min(1).max(3_650).optional(),
      to,
    }),
    z.strictObject({
      type: z.literal("gift_credit"),
      amount: amount.min(1).openapi({ description: "Minor units" }),
      currency: currency.openapi({ description: "Of the amount, and of the campaign's cards" }),
      campaign_id: resourceId.openapi({
        description: "A gift card campaign: the customer's card of it is credited, and made where there is none",
      }),
      to,
    }),
    z.strictObject({ type: z.literal("deliver"), channel_id: resourceId, template_id: resourceId, to }),
    z.strictObject({ type: z.literal("add_to_segment"), segment_id: resourceId, to }),
    z.strictObject({ type: z.literal("remove_from_segment"), segment_id: resourceId, to }),
  ])
  .superRefine((step, context) => {
    if (step.type !== "wait") return;
    const given = [step.minutes, step.hours, step.days, step.until].filter((part) => part !== undefined);
    if (given.length !== 1) {
      context.addIssue({ code: "custom", message: "needs one of minutes, hours, days and until" });
    }
  })
  .openapi("WorkflowStep", { example: { type: "wait", hours: 2 } });

export type Step = z.output<typeof stepSchema>;
type StepType = Step["type"];
export type StepOf<T extends StepType> = Extract<Step, { type: T }>;
/** Steps that change something. */
export type Action = Exclude<Step, { type: "wait" | "condition" }>;

const minuteMs = 60_000;

/** Of a wait for a length of time; a wait for a time of day is a day at most. */
export function waitMs(step: StepOf<"wait">): number {
  if (step.until !== undefined) return 24 * 60 * minuteMs;
  return ((step.minutes ?? 0) + (step.hours ?? 0) * 60 + (step.days ?? 0) * 24 * 60) * minuteMs;
}
