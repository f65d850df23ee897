/** The comparison of policies on the wire. */
import { z } from "@hono/zod-openapi";
import { instant } from "../http/schemas.ts";
import { metrics } from "../lift/measure.ts";

const interval = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .openapi("IntervalEstimate", { description: "With the bounds of its 95 % interval." });
const maybe = interval.nullable();

const estimated = z.object({
  ips: maybe.openapi({ description: "Inverse propensity scoring." }),
  snips: maybe.openapi({ description: "Self-normalised: less variance, hardly any bias." }),
  direct: maybe.openapi({
    description: "By the model alone: as wrong as the model, and its interval does not say so.",
  }),
  doubly_robust: maybe.openapi({ description: "The model's expectation, corrected by what happened." }),
});

const policy = z
  .object({
    policy: z.string(),
    own: z
      .object({ decisions_count: z.int(), customers_count: z.int(), redemptions: maybe, value_amount: maybe })
      .nullable()
      .openapi({ description: "What its own arm had, per decision; null without an arm." }),
    estimated: z
      .object({ redemptions: estimated, value_amount: estimated })
      .openapi({ description: "Per decision, from the decisions of all arms." }),
    effective_places: z.number().openapi({
      description: "As many places of its own decisions would say as much (Kish).",
    }),
    mean_weight: z.number().openapi({ description: "Near 1 where the log has everything that the policy would show." }),
    support: z.enum(["good", "scarce", "unsupported"]).openapi({
      description:
        "scarce: too little of the log is like the policy for the intervals to hold. unsupported: it shows what the log never did.",
    }),
  })
  .openapi("PolicyFigures");

const difference = z.object({ value: z.number(), low: z.number(), high: z.number() });

const lift = z.discriminatedUnion("measured", [
  z.object({
    measured: z.literal(true),
    policy: z.string(),
    against: z.literal("champion"),
    policy_version: z.int(),
    since: instant,
    currency: z.string(),
    customers_count: z.int(),
    against_customers_count: z.int(),
    metrics: z.array(
      z.object({
        metric: z.enum(metrics),
        mean: z.number(),
        against_mean: z.number(),
        difference,
        adjusted_difference: difference
          .nullable()
          .openapi({ description: "With what customers did before taken out (CUPED)." }),
      }),
    ),
  }),
  z.object({
    measured: z.literal(false),
    policy: z.string(),
    against: z.literal("champion"),
    policy_version: z.int(),
    reason: z.enum(["holdout_too_small", "no_orders_yet", "too_few_orders"]),
  }),
]);

export const policiesReportWire = z
  .object({
    days: z.int(),
    decisions_count: z.int(),
    is_part: z.boolean().openapi({ description: "There were more decisions; these are the newest." }),
    policies: z.array(policy),
    lifts: z.array(lift).openapi({
      description:
        "What customers of an arm did since their first decision under the settings of now, against the champion's customers: the measure of a campaign's lift.",
    }),
  })
  .openapi("OfferPoliciesReport");
export type PoliciesReportWire = z.output<typeof policiesReportWire>;
