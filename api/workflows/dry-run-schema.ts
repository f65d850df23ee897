/** A dry run on the wire. */
import { z } from "@hono/zod-openapi";
import { instant } from "../http/schemas.ts";

export const dryRunBody = z
  .strictObject({
    from: instant.optional().openapi({ description: "Default: the beginning of yesterday, UTC" }),
    to: instant.optional().openapi({ description: "Default: a day after `from`, at most now" }),
  })
  .openapi("WorkflowDryRunRequest", { example: {} });

const counts = z.record(z.string(), z.int());

export const dryRunWire = z
  .object({
    from: instant,
    to: instant,
    version: z.int(),
    events: z.object({ count: z.int(), read: z.int() }).openapi({
      description: "Events of the trigger's type, or days that came, in that time; at most 2,000 are read, the oldest",
    }),
    truncated: z.boolean(),
    cut_after: z.int().nullable().openapi({
      description: "After 10 s it ends with what it has: so many beginnings were looked at. Null: all of them",
    }),
    kept_out: z.object({ conditions: z.int(), entry: z.int() }).openapi({
      description: "Those that matched and would have begun nothing: conditions not met, or the entry rule",
    }),
    began: z.int(),
    customers_reached: z.int().openapi({ description: "For whom at least one step would have done something" }),
    steps: z.array(
      z.object({
        position: z.int(),
        type: z.string(),
        sentence: z.string(),
        reached: z.int().openapi({ description: "Runs that would have come to it" }),
        done: z.int(),
        withheld: counts.openapi({ description: "By reason: `in_holdout`, `no_consent`, `frequency_cap` …" }),
      }),
    ),
    sample: z.array(
      z.object({
        customer: z.object({ identifier: z.string() }),
        at: instant,
        steps: z.array(
          z.object({
            position: z.int(),
            type: z.string(),
            outcome: z.enum(["done", "withheld", "waiting", "met", "not_met"]),
            reason: z.string().nullable(),
            at: instant,
          }),
        ),
      }),
    ),
  })
  .openapi("WorkflowDryRun");
