/** What a campaign caused, on the wire. */
import { z } from "@hono/zod-openapi";
import { instant } from "../http/schemas.ts";
import { metrics } from "./measure.ts";

const estimate = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .openapi("Estimate", { description: "With the bounds of its 95 % interval." });

const relative = estimate.nullable().openapi({
  description: "Of the held-out customers' mean: 0.1 is 10 % more. Null where that mean may be nothing.",
});

const comparison = {
  difference: z.number().openapi({ description: "Treated − held out, per customer." }),
  low: z.number().openapi({ description: "Lower bound of the difference's 95 % interval." }),
  high: z.number().openapi({ description: "Upper bound." }),
  relative,
};

const metric = z.object({
  metric: z.enum(metrics),
  treated: z.number().openapi({ description: "Mean per customer: a share, a number of orders, or minor units." }),
  held_out: z.number(),
  ...comparison,
  cuped: z
    .object({ ...comparison, variance_reduction: z.number() })
    .nullable()
    .openapi({ description: "The same with what customers did before taken out: narrower. Null without history." }),
});

const arm = z.object({
  arm: z.enum(["treated", "held_out"]),
  customers_count: z.int(),
  converted_count: z.int().openapi({ description: "Of these, with a paid order in the window." }),
  orders_count: z.int(),
  revenue_amount: z.number().openapi({ description: "What the lines of their orders were left to pay." }),
  margin_amount: z.number().nullable().openapi({ description: "Null where a line's cost is unknown." }),
  discount_amount: z.number().openapi({ description: "Discount that still stands." }),
});

const basis = z.enum(["campaign", "project"]).openapi({
  description:
    "Who the treated customers are compared with. campaign: its own holdout. project: the global holdout, who get no campaign at all, so that the difference is what all campaigns of the window cause together.",
});

const measured = z.object({
  measured: z.literal(true),
  basis,
  holdout_percent: z.int(),
  since: instant.openapi({ description: "From the start, or from the last change of the holdout." }),
  until: instant.openapi({ description: "To the end, or to now." }),
  currency: z.string(),
  arms: z.array(arm).length(2),
  metrics: z.array(metric),
  unmeasured: z
    .array(z.object({ metric: z.enum(metrics), reason: z.enum(["too_few_orders", "costs_unknown"]) }))
    .openapi({ description: "What these arms cannot tell." }),
  incremental_orders: estimate.openapi({ description: "Orders that there would not have been without it." }),
  incremental_discount_amount: z.number().openapi({
    description: "Discount of the treated customers beyond what the held-out ones got with codes of their own.",
  }),
  cost_per_incremental_order: estimate.nullable().openapi({
    description: "Null where it cannot be told: the incremental orders may be none.",
  }),
});

const reasons = ["no_holdout", "not_started", "holdout_too_small", "no_orders_yet", "too_few_orders"] as const;

const notMeasured = z.object({
  measured: z.literal(false),
  reason: z.enum(reasons),
  detail: z.string().openapi({ description: "The same for a person, with what is there and what is needed." }),
});

export const liftWire = z
  .discriminatedUnion("measured", [measured, notMeasured])
  .openapi("Lift", { description: "What the campaign caused, by its holdout; or why that cannot be said." });
export type LiftWire = z.infer<typeof liftWire>;
