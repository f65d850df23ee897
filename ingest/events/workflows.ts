/** What became of a workflow for a customer. */
import { z } from "zod";
import { customerIdentifier } from "./parts.ts";

const runEvent = z.object({
  workflow_run_id: z.string(),
  workflow_id: z.string(),
  /** Of the definition that the run keeps. */
  workflow_version: z.int().min(1),
  workflow_name: z.string(),
  customer: customerIdentifier,
  /** What set it off: `order.paid`, say. */
  trigger: z.string(),
  outcome: z.enum(["started", "finished", "stopped", "cancelled", "skipped", "failed"]),
  /** A stable key; null where there is nothing to say. */
  reason: z.string().nullable(),
  /** The step that it has come to, from 0. */
  position: z.int().min(0),
  /** How many runs led to it, one by what another did. */
  depth: z.int().min(0),
});

export const workflowPayloads = {
  "workflow_run.started": runEvent,
  /** It came to its end; with the outcome `stopped` a condition ended it, with `cancelled` a person. */
  "workflow_run.finished": runEvent,
  /** Given up after the last attempt; it may be replayed. */
  "workflow_run.failed": runEvent,
  /** It ended before it did anything. */
  "workflow_run.skipped": runEvent,
} as const;
