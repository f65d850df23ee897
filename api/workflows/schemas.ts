/** Workflows on the wire. */
import { z } from "@hono/zod-openapi";
import { instant, nameOf, resourceId } from "../http/schemas.ts";
import { capSchema, checkDefinition, definitionShape } from "./definition.ts";

export const statuses = ["draft", "active", "paused", "archived"] as const;
export const runStatuses = ["running", "finished", "stopped", "skipped", "failed", "cancelled"] as const;

const name = nameOf(200).openapi({ description: "Unique in the project", example: "Thanks for a large order" });

const { trigger, conditions, steps, settings } = definitionShape.shape;
const example = {
  name: "Thanks for a large order",
  trigger: { on: "order.paid" },
  conditions: { on: "order.amount", op: "greater_or_equal", value: 5000 },
  steps: [
    { type: "wait", hours: 2 },
    { type: "points", points: 100 },
  ],
  settings: { time_zone: "Europe/Berlin", currency: "EUR" },
};

export const workflowBody = z
  .strictObject({ name, trigger, conditions, steps, settings })
  .superRefine(checkDefinition)
  .openapi("NewWorkflow", { example });

/** What is absent stays; what is sent is the whole of its part. */
export const workflowPatch = z
  .strictObject({
    name: name.optional(),
    trigger: trigger.optional(),
    conditions: conditions.unwrap().optional(),
    steps: steps.optional(),
    settings: settings.unwrap().optional(),
    version: z.int().min(1).optional().openapi({
      description: "The version that is changed: `conflict` when there is a newer one. Absent: whichever there is",
    }),
  })
  .openapi("WorkflowChange", { example: { version: 1, settings: { entry: "once" } } });
export type WorkflowPatch = z.output<typeof workflowPatch>;

const shown = { trigger, conditions: conditions.unwrap(), steps, settings: settings.unwrap() };
const sentences = {
  sentence: z.string().openapi({ description: "The definition read aloud" }),
  step_sentences: z.array(z.string()).openapi({ description: "Each step in words" }),
};

export const workflowWire = z
  .object({
    id: z.string(),
    name,
    status: z.enum(statuses),
    version: z.int().openapi({ description: "Counts changes of the definition; runs keep the one they began with" }),
    ...shown,
    ...sentences,
    runs: z.object({ running: z.int(), failed: z.int() }).openapi({
      description: "Runs that are open, and those that failed and can be replayed; counted up to 10,000",
    }),
    active_since: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Workflow");

export const versionWire = z
  .object({ version: z.int(), ...shown, ...sentences, created_at: instant })
  .openapi("WorkflowVersion");

export const runWire = z
  .object({
    id: z.string(),
    workflow_id: z.string(),
    version: z.int(),
    customer: z.object({ identifier: z.string() }),
    trigger: z.object({ on: z.string(), at: instant, key: z.string() }),
    status: z.enum(runStatuses),
    reason: z.string().nullable(),
    position: z.int().openapi({ description: "The next step, from 0" }),
    due_at: instant.openapi({ description: "When the next step is due; past while it is at it" }),
    held: z.boolean().openapi({ description: "Its time has come while the workflow is paused" }),
    depth: z.int().openapi({ description: "How many runs led to it" }),
    forgotten: z.boolean().openapi({ description: "Ended so long ago that its log is gone" }),
    started_at: instant,
    ended_at: instant.nullable(),
  })
  .openapi("WorkflowRun");

const entryWire = z
  .object({
    position: z.int().nullable(),
    type: z.string().nullable().openapi({ description: "Of the step; null for what happened to the run as a whole" }),
    outcome: z.enum(["done", "withheld", "waiting", "held", "met", "not_met", "failed", "retried", "cancelled"]),
    reason: z.string().nullable(),
    detail: z.record(z.string(), z.union([z.string(), z.number()])).openapi({ description: "What it made, by id" }),
    at: instant,
  })
  .openapi("WorkflowRunEntry");

export const runWithLogWire = runWire
  .extend({
    steps: z.array(z.object({ position: z.int(), type: z.string(), sentence: z.string() })),
    log: z.array(entryWire).openapi({ description: "All that happened, in its order; the newest 500" }),
  })
  .openapi("WorkflowRunWithLog");

export const retryBody = z
  .strictObject({
    reason: z.string().min(1).max(100).optional().openapi({ description: "Only runs that failed for it" }),
    from: instant.optional().openapi({ description: "Only runs that failed since" }),
    to: instant.optional().openapi({ description: "Only runs that failed before" }),
  })
  .openapi("WorkflowRetry", { example: { reason: "out_of_stock" } });

export const retriedWire = z
  .object({
    retried: z.int(),
    more: z.boolean().openapi({ description: "There are further failed runs: ask again" }),
  })
  .openapi("WorkflowRetried");

export const projectSettings = z
  .strictObject({ cap: capSchema.nullable() })
  .openapi("WorkflowProjectSettings", { example: { cap: { deliveries_max: 3, days: 7 } } });

export const runFilters = {
  customer: z.string().min(1).max(200).optional().openapi({ description: "Identifier" }),
  status: z.enum(runStatuses).optional(),
  from: instant.optional().openapi({ description: "Started at or after it" }),
  to: instant.optional().openapi({ description: "Started before it" }),
};

export const params = z.object({ id: resourceId });
