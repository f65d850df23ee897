import { z } from "@hono/zod-openapi";
import { instant, listQuery, resourceId } from "../http/schemas.ts";

const statuses = ["queued", "sending", "sent", "failed", "skipped", "bounced"] as const;

export const deliveriesQuery = z.strictObject({
  ...listQuery,
  status: z.enum(statuses).optional(),
  channel_id: resourceId.optional(),
  template_id: resourceId.optional(),
  customer: z.string().min(1).max(200).optional().openapi({ description: "An identifier" }),
  publication_id: resourceId.optional(),
  workflow_run_id: resourceId.optional(),
  campaign_id: resourceId.optional(),
  from: instant.optional().openapi({ description: "Ordered at or after" }),
  to: instant.optional().openapi({ description: "Exclusive" }),
});

export const deliveryWire = z
  .object({
    id: z.string(),
    status: z.enum(statuses),
    reason: z.string().nullable().openapi({ description: "A stable key: why it was skipped or failed, or waits" }),
    customer: z.string(),
    address: z.string().nullable().openapi({ description: "Where it went" }),
    channel: z.object({ id: z.string(), name: z.string(), kind: z.string() }),
    template: z.object({ id: z.string(), name: z.string(), version: z.int() }),
    purpose: z.enum(["marketing", "transactional"]),
    source_id: z.string(),
    publication_id: z.string().nullable(),
    workflow_run_id: z.string().nullable(),
    campaign_id: z.string().nullable(),
    provider_id: z.string().nullable(),
    attempts: z.int(),
    may_have_arrived: z.boolean().openapi({ description: "An attempt ended without an answer" }),
    next_attempt_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
    sent_at: instant.nullable(),
  })
  .openapi("Delivery");
export type DeliveryWire = z.output<typeof deliveryWire>;

const attemptWire = z
  .object({
    number: z.int(),
    outcome: z.enum(["sent", "retry", "failed", "bounced", "unknown"]),
    reason: z.string().nullable(),
    provider_id: z.string().nullable(),
    started_at: instant,
    ended_at: instant,
  })
  .openapi("DeliveryAttempt");

export const deliveryWithAttempts = deliveryWire
  .extend({ attempts_log: z.array(attemptWire).openapi({ description: "Oldest first" }) })
  .openapi("DeliveryWithAttempts");
export type AttemptWire = z.output<typeof attemptWire>;
