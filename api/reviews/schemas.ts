/** Reviews on the wire. */
import { z } from "@hono/zod-openapi";
import { clusterWire } from "../clusters/wire.ts";
import { amount, customerIdentifier, instant, listQuery, resourceId } from "../http/schemas.ts";

const subjectKinds = ["redemption", "rejection", "reservation"] as const;
/** `closed`: it ended before anybody decided; see `closed_because`. It may still be decided. */
const reviewStatuses = ["open", "held", "confirmed", "dismissed", "closed"] as const;
const closings = ["rolled_back", "reservation_cancelled", "reservation_expired"] as const;
/** `request`: by the score of the request. `late`: by a score of later. */
const origins = ["request", "late"] as const;
const decisions = ["confirm", "dismiss", "hold"] as const;
export const clawBackScopes = ["this", "cluster"] as const;
const noteMax = 2_000;

const note = z
  .string()
  .trim()
  .min(1)
  .max(noteMax)
  .openapi({ description: "For the next reader of the timeline", example: "Six accounts, one card." });

const customerPart = z.object({ identifier: z.string() }).nullable();
const reviewer = z
  .object({ id: z.string(), name: z.string().nullable() })
  .nullable()
  .openapi({ description: "The key, and its name at that time." });

const reason = z
  .object({
    feature: z.string().openapi({ description: "Of the model, or `rule:` and the id of a rule" }),
    value: z.number(),
    contribution: z.number(),
    text: z.string().openapi({ example: "6 accounts paid with this card in the last 7 days" }),
  })
  .openapi("ReviewReason");

const score = z.number().min(0).max(1).nullable();

const clawBackState = z.enum(["running", "done", "undoing", "undone"]);

export const reviewWire = z
  .object({
    id: z.string().openapi({ example: "rev_01k9m2v8f3e5h9t0q4w6y8z1ab" }),
    subject: z.object({ kind: z.enum(subjectKinds), id: z.string() }),
    status: z.enum(reviewStatuses),
    closed_because: z.enum(closings).nullable(),
    origin: z.enum(origins),
    action: z.enum(["allow", "flag", "hold", "reject"]).openapi({ description: "What the score led to" }),
    score,
    priority: z.number().openapi({ description: "score × amount_at_risk: what it is expected to cost" }),
    amount_at_risk: amount.openapi({
      description: "Discount and credit that stand, or that a hold or a refusal withholds",
    }),
    currency: z.string(),
    model: z.string().nullable(),
    reasons: z.array(reason),
    rules: z.array(z.string()).openapi({ description: "Ids of the rules that fired" }),
    repeats_count: z.int().openapi({
      description: "Refusals like this one, by the same customer or device within a day, that opened no review",
    }),
    campaign_id: z.string().nullable(),
    customer: customerPart,
    order_id: z.string().nullable(),
    redemption_id: z.string().nullable().openapi({ description: "Of a reservation: once it is confirmed" }),
    linked: z.array(z.object({ identifier: z.string() })).openapi({
      description: "Customers of the same cluster: linked by cards, devices, addresses or IPs; at most 20",
    }),
    cluster_id: z.string().nullable(),
    linked_count: z.int().openapi({ description: "Customers of the cluster in all, this one included; 0 without one" }),
    assigned_to: reviewer,
    locked_until: instant.nullable().openapi({ description: "Nobody else may decide before" }),
    due_at: instant,
    overdue: z.boolean(),
    expires_at: instant.nullable().openapi({ description: "When what is held is given back by itself" }),
    reservation_status: z
      .enum(["held", "confirmed", "cancelled", "expired"])
      .nullable()
      .openapi({ description: "Of a reservation: a dismissal confirms it, a confirmation cancels it" }),
    opened_at: instant,
    decided_at: instant.nullable(),
    decided_by: reviewer,
    decision: z.enum(["confirm", "dismiss"]).nullable(),
    note: z.string().nullable().openapi({ description: "Of the decision" }),
    claw_back: z.object({ id: z.string(), status: clawBackState }).nullable(),
  })
  .openapi("Review");
export type ReviewWire = z.output<typeof reviewWire>;

export const entryKinds = [
  "opened",
  "rescored",
  "amount_changed",
  "assigned",
  "released",
  "noted",
  "held",
  "confirmed",
  "dismissed",
  "closed",
  "reopened",
  "claw_back_started",
  "claw_back_done",
  "claw_back_undone",
  "settled",
] as const;

const entry = z
  .object({
    at: instant,
    kind: z.enum(entryKinds),
    actor: reviewer.openapi({ description: "Null: the product itself" }),
    note: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
  })
  .openapi("ReviewEntry");

const orderPart = z.object({
  id: z.string().nullable(),
  currency: z.string(),
  channel: z.string().nullable(),
  amount,
  shipping_amount: amount,
  discount_amount: amount,
  total_amount: amount,
  items: z.array(
    z.object({
      sku: z.string(),
      name: z.string().nullable(),
      quantity: z.int(),
      unit_amount: amount,
      discount_amount: amount,
    }),
  ),
});

const customerSummary = z.object({
  identifier: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  blocked: z.boolean(),
  created_at: instant.nullable(),
  orders_count: z.int(),
  orders_amount: amount.openapi({ description: "Paid, in the review's currency" }),
  redemptions_count: z.int(),
  rejections_count: z.int(),
  rolled_back_count: z.int(),
  discount_amount: amount.openapi({ description: "That stands, in the review's currency" }),
});

const related = z.object({
  id: z.string(),
  why: z.enum(["same_customer", "linked"]),
  customer: customerPart,
  subject: reviewWire.shape.subject,
  status: z.enum(reviewStatuses),
  score,
  amount_at_risk: amount,
  currency: z.string(),
  opened_at: instant,
});

export const reviewDetailWire = reviewWire
  .extend({
    timeline: z.array(entry),
    order: orderPart.nullable(),
    codes: z.array(z.object({ code: z.string(), campaign_id: z.string().nullable(), discount_amount: amount })),
    customer_summary: customerSummary.nullable(),
    cluster: clusterWire
      .nullable()
      .openapi({ description: "Null: linked to nobody, or the warehouse does not answer" }),
    related: z.array(related).openapi({ description: "Other reviews of this customer and of linked ones; at most 50" }),
  })
  .openapi("ReviewDetail");
export type ReviewDetailWire = z.output<typeof reviewDetailWire>;

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

export const reviewsQuery = z.strictObject({
  ...listQuery,
  status: z.enum(reviewStatuses).optional(),
  campaign_id: resourceId.optional().openapi({ description: "A main campaign stands for its sub-campaigns too." }),
  customer: customerIdentifier.optional(),
  min_score: z
    .string()
    .regex(/^(0|1|0?\.\d{1,6}|1\.0{1,6}|0\.\d{1,6})$/, "Expected a number from 0 to 1")
    .transform(Number)
    .optional()
    .openapi({ type: "number", minimum: 0, maximum: 1 }),
  origin: z.enum(origins).optional(),
  assigned_to: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .openapi({ description: "The id of a key, `me`, or `nobody`: who holds the lock now." }),
  overdue: flag.optional().openapi({ type: "boolean" }),
  sort: z.enum(["priority", "age"]).default("priority"),
});
export type ReviewsQuery = z.output<typeof reviewsQuery>;

export const decisionBody = z
  .strictObject({
    decision: z.enum(decisions),
    note: note.optional(),
    claw_back: z
      .enum(["none", ...clawBackScopes])
      .default("none")
      .openapi({ description: "With confirm only" }),
    preview_digest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "Expected a digest that a preview gave")
      .optional()
      .openapi({ description: "Of the claw-back preview that was looked at: what it showed is done, or nothing." }),
  })
  .superRefine((given, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (given.claw_back !== "none" && given.decision !== "confirm") issue("claw_back", "goes with confirm only");
    if (given.preview_digest !== undefined && given.claw_back === "none") {
      issue("preview_digest", "goes with claw_back only");
    }
  })
  .openapi("ReviewDecision", { example: { decision: "confirm", claw_back: "this", note: "Six accounts, one card." } });
export type DecisionInput = z.output<typeof decisionBody>;

const bulkMax = 100;
export const bulkBody = z
  .strictObject({
    ids: z
      .array(resourceId)
      .min(1)
      .max(bulkMax)
      .refine((ids) => new Set(ids).size === ids.length, "Names a review twice"),
    decision: z.enum(decisions),
    note: note.optional(),
    claw_back: z.enum(["none", "this"]).default("none"),
  })
  .superRefine((given, context) => {
    if (given.claw_back !== "none" && given.decision !== "confirm") {
      context.addIssue({ code: "custom", path: ["claw_back"], message: "goes with confirm only" });
    }
  })
  .openapi("ReviewBulkDecision", {
    example: { ids: ["rev_01k9m2v8f3e5h9t0q4w6y8z1ab"], decision: "dismiss", note: "One family." },
  });
export type BulkInput = z.output<typeof bulkBody>;

export const bulkWire = z
  .object({
    results: z.array(
      z.object({
        id: z.string(),
        outcome: z.enum(["decided", "refused"]),
        status: z.enum(reviewStatuses).nullable(),
        problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
      }),
    ),
  })
  .openapi("ReviewBulkResult");
export type BulkWire = z.output<typeof bulkWire>;

export const noteBody = z
  .strictObject({ note })
  .openapi("ReviewNote", { example: { note: "Six accounts, one card." } });

export const metricsQuery = z.strictObject({
  days: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, "Expected a whole number from 1 to 365")
    .transform(Number)
    .pipe(z.int().min(1).max(365))
    .default(30)
    .openapi({ type: "integer", minimum: 1, maximum: 365, default: 30 }),
});

const judged = {
  confirmed_count: z.int(),
  dismissed_count: z.int(),
  precision: z
    .number()
    .nullable()
    .openapi({ description: "confirmed ÷ (confirmed + dismissed); null before the first" }),
};
const money = z.array(z.object({ currency: z.string(), recovered_amount: amount, prevented_amount: amount }));

export const metricsWire = z
  .object({
    days: z.int(),
    as_of: instant,
    open_count: z.int(),
    held_count: z.int(),
    overdue_count: z.int(),
    median_age_seconds: z.number().nullable().openapi({ description: "Of what is open or held" }),
    decided_count: z.int(),
    median_seconds_to_decide: z.number().nullable(),
    ...judged,
    amounts: money.openapi({
      description: "Recovered: claw-backs that stand. Prevented: holds and refusals that were confirmed.",
    }),
    by_reviewer: z.array(
      z.object({
        reviewer: z.object({ id: z.string(), name: z.string().nullable() }),
        ...judged,
        decided_count: z.int(),
        working_seconds: z.number().openapi({ description: "From taking a review to deciding it" }),
        amounts: money,
        amount_per_decision: z.number().nullable().openapi({ description: "Null where currencies differ" }),
        amount_per_hour: z.number().nullable(),
      }),
    ),
    by_source: z.array(
      z.object({
        kind: z.enum(["model", "rule", "feature"]),
        name: z.string(),
        ...judged,
        decided_count: z.int(),
      }),
    ),
  })
  .openapi("ReviewMetrics");
export type MetricsWire = z.output<typeof metricsWire>;
