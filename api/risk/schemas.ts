/** Rules and policies of risk on the wire. */
import { z } from "@hono/zod-openapi";
import { instant, resourceId } from "../http/schemas.ts";
import { conditionSchema, conditionShape } from "./condition-schema.ts";
import { holdSecondsDefault, riskActions, withoutPolicy } from "./policy.ts";
import { ruleStatuses } from "./rule.ts";

const weightDefault = 0.5;

const name = z.string().trim().min(1).max(200).openapi({ example: "Many accounts on one device" });
const description = z.string().trim().min(1).max(1_000).nullable();
const status = z.enum(ruleStatuses).openapi({
  description:
    "draft: only backtests. shadow: evaluated on every attempt, reported, and without effect. enabled. disabled.",
});
const weight = z.number().min(0).max(0.99).openapi({
  description: "What it adds to the score when it fires: score = 1 − (1 − model) · Π (1 − weight)",
  example: 0.6,
});
const action = z.enum(["flag"]).nullable().openapi({
  description: "What its firing leads to at least; null: only the score counts. Hold and reject are a policy's.",
});

export const ruleBody = z
  .strictObject({
    name,
    description: description.default(null),
    status: status.default("draft"),
    when: conditionSchema,
    weight: weight.default(weightDefault),
    action: action.default(null),
  })
  .openapi("RiskRuleBody", {
    example: {
      name: "Many accounts on one device",
      status: "shadow",
      when: {
        all: [
          { on: "device_shoppers_90d", op: "greater_or_equal", value: 4 },
          { on: "order.amount", op: "greater_or_equal", value: 2000 },
        ],
      },
      weight: 0.6,
      action: "flag",
    },
  });
export type RuleBody = z.output<typeof ruleBody>;

export const rulePatch = z
  .strictObject({
    name: name.optional(),
    description: description.optional(),
    status: status.optional(),
    when: conditionSchema.optional(),
    weight: weight.optional(),
    action: action.optional(),
  })
  .openapi("RiskRuleChange", { example: { status: "shadow" } });
export type RulePatch = z.output<typeof rulePatch>;

export const ruleWire = z
  .object({
    id: z.string().openapi({ example: "rul_shared_device" }),
    name: z.string(),
    description: z.string().nullable(),
    status,
    // Whoever reads may meet a feature of before that is no more.
    when: conditionShape,
    weight,
    action,
    sentence: z.string().openapi({ description: "`when`, for people" }),
    shipped: z.boolean().openapi({ description: "It comes with the product: it can be disabled, and not deleted." }),
    version: z.int().openapi({ description: "0 for a shipped rule that nobody has changed" }),
    created_at: instant.nullable(),
    updated_at: instant.nullable(),
  })
  .openapi("RiskRule");
export type RuleWire = z.output<typeof ruleWire>;

export const ruleVersionWire = z
  .object({
    config_version: z.int().openapi({ description: "Of all rules and policies of the project, as decisions name it" }),
    at: instant,
    rule: ruleWire.nullable().openapi({ description: "Null: it was deleted then" }),
  })
  .openapi("RiskRuleVersion");

const threshold = z.number().gt(0).max(1);
const off = "null: off";

export const policyBody = z
  .strictObject({
    status: z.enum(["live", "shadow"]).default("live").openapi({
      description: "shadow: evaluated beside the live one on every attempt, reported, and without effect",
    }),
    flag: threshold
      .nullable()
      .optional()
      .openapi({
        description: `Default ${withoutPolicy.flag}, or what holds or refuses where that is less; null: scores flag nothing`,
      }),
    hold: threshold.nullable().default(null).openapi({ description: off, example: 0.995 }),
    reject: threshold.nullable().default(null).openapi({ description: off }),
    hold_seconds: z
      .int()
      .min(60)
      .max(30 * 86_400)
      .default(holdSecondsDefault)
      .openapi({ description: "A hold that nobody has decided by then is given back" }),
  })
  .superRefine(({ flag, hold, reject }, context) => {
    const wrong = (path: string, below: string) =>
      context.addIssue({ code: "custom", path: [path], message: `must not be below ${below}` });
    if (hold !== null && flag !== null && flag !== undefined && hold < flag) wrong("hold", "flag");
    if (reject !== null && hold !== null && reject < hold) wrong("reject", "hold");
    if (reject !== null && flag !== null && flag !== undefined && reject < flag) wrong("reject", "flag");
  })
  .openapi("RiskPolicyBody", { example: { hold: 0.995, reject: 0.9995, hold_seconds: 86_400 } });
export type PolicyBody = z.output<typeof policyBody>;

const policyShown = z
  .object({
    flag: threshold.nullable(),
    hold: threshold.nullable(),
    reject: threshold.nullable(),
    hold_seconds: z.int(),
    updated_at: instant.nullable().openapi({ description: "Null: nobody has set it" }),
  })
  .openapi("RiskThresholds");

export const policyWire = z
  .object({
    campaign_id: z.string().nullable().openapi({ description: "Null: the project's default" }),
    live: policyShown.nullable(),
    shadow: policyShown.nullable(),
    effective: policyShown
      .extend({
        from: z.enum(["campaign", "main_campaign", "project", "product"]),
      })
      .openapi({ description: "What holds: of this campaign, its main campaign, the project, or without any" }),
  })
  .openapi("RiskPolicy");
export type PolicyWire = z.output<typeof policyWire>;

export const policyQuery = z.strictObject({
  status: z.enum(["live", "shadow"]).optional().openapi({ description: "Without it: both" }),
});

const daysMax = 90;
const days = z.int().min(1).max(daysMax);

export const backtestBody = z
  .strictObject({
    days: days.default(30),
    when: conditionSchema.optional().openapi({ description: "Instead of the rule's own: what it would be" }),
  })
  .openapi("RiskBacktestBody", { example: { days: 30 } });

export const draftBacktestBody = z
  .strictObject({ days: days.default(30), when: conditionSchema })
  .openapi("RiskDraftBacktestBody", {
    example: { days: 30, when: { on: "device_shoppers_90d", op: "greater_or_equal", value: 4 } },
  });

export const daysQuery = z.strictObject({
  days: z
    .string()
    .regex(/^[1-9]\d?$/, `Expected a whole number from 1 to ${daysMax}`)
    .transform(Number)
    .pipe(z.int().min(1).max(daysMax))
    .default(7)
    .openapi({ type: "integer", minimum: 1, maximum: daysMax, default: 7 }),
});

const money = z
  .array(z.object({ currency: z.string(), discount_amount: z.int(), order_amount: z.int() }))
  .openapi({ description: "By currency; of a refused attempt the discount that it asked for, where that is known" });

const outcomeWire = z.object({
  fired: z.int().openapi({ description: "Attempts it would have met" }),
  share: z.number().nullable().openapi({ description: "Of the attempts; null when there were none" }),
  money,
  already_flagged: z.int().openapi({ description: "Of those, flagged, held or rejected as it was" }),
  confirmed: z.int().openapi({ description: "Of those, confirmed by a reviewer" }),
  dismissed: z.int().openapi({ description: "Of those, dismissed by a reviewer: false alarms" }),
  precision: z.number().nullable().openapi({ description: "confirmed / (confirmed + dismissed); null without labels" }),
  examples: z.array(z.string()).openapi({ description: "Ids of redemptions, rejections and reservations, at most 20" }),
});
export type OutcomeWire = z.output<typeof outcomeWire>;

const looked = {
  days: z.int(),
  from: instant,
  to: instant,
  attempts: z.int().openapi({ description: "Logged with features in that time" }),
  sampled_share: z.number().openapi({ description: "1: all of them were looked at; counts are of those looked at" }),
};

export const backtestWire = z
  .object({ rule_id: z.string().nullable(), sentence: z.string(), ...looked, ...outcomeWire.shape })
  .openapi("RiskBacktest");
export type BacktestWire = z.output<typeof backtestWire>;

export const shadowWire = z
  .object({
    ...looked,
    rules: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        sentence: z.string(),
        seen_live: z.int().openapi({ description: "Attempts on which it fired in shadow, as they came" }),
        ...outcomeWire.shape,
      }),
    ),
    policies: z.array(
      z.object({
        campaign_id: z.string().nullable(),
        flag: threshold.nullable(),
        hold: threshold.nullable(),
        reject: threshold.nullable(),
        actions: z.array(z.object({ action: z.enum(riskActions), ...outcomeWire.shape })),
      }),
    ),
  })
  .openapi("RiskShadowReport");
export type ShadowWire = z.output<typeof shadowWire>;

export const featureWire = z
  .object({
    name: z.string(),
    label: z.string(),
    type: z.enum(["number", "share", "flag", "text"]),
    window: z.string().nullable(),
    relative: z.boolean().openapi({
      description: "A natural logarithm of how many times the usual it is: 0 is the usual, 0.69 twice",
    }),
  })
  .openapi("RiskFeature");

export const idParams = z.object({ id: resourceId });
