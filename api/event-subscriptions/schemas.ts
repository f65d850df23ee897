/** Subscriptions to events and what was sent to them, on the wire. */
import { z } from "@hono/zod-openapi";
import type { Selectable } from "kysely";
import type { DB } from "../db/tables.ts";
import { instant, listQuery, resourceId } from "../http/schemas.ts";
import type { AttemptNote } from "./attempt.ts";
import type { DeliveryRow, SubscriptionRow } from "./queries.ts";
import { secretPrefix } from "./sign.ts";
import { everyType } from "./types.ts";

const types = z
  .union([z.literal("all"), z.array(z.string().min(1).max(100)).min(1).max(100)], {
    error: 'Expected "all", or a list of 1 to 100 event types such as "redemption.*"',
  })
  .openapi({
    description: "`all`, or event types of docs/events.md; `redemption.*` is every one that begins so",
    example: ["redemption.*", "voucher.published"],
  });

const url = z.string().min(1).max(2_000).openapi({ example: "https://shop.example/hooks/tessera" });
const filter = z
  .strictObject({ campaign_ids: z.array(resourceId).min(1).max(100) })
  .openapi({ description: "Only events that name one of these campaigns, main or sub" });
const description = z.string().max(500);
const withRisk = z.boolean().openapi({
  description: "Also reviews, and the risk of attempts. Needs a key with the scope review, now and for every change.",
});

export const subscriptionBody = z
  .strictObject({
    url,
    types,
    filter: filter.nullable().default(null),
    description: description.nullable().default(null),
    with_risk: withRisk.default(false),
  })
  .openapi("CreateEventSubscription", {
    example: { url: "https://shop.example/hooks/tessera", types: ["redemption.*", "voucher.published"] },
  });

export const subscriptionPatch = z
  .strictObject({
    url: url.optional(),
    types: types.optional(),
    filter: filter.nullable().optional(),
    description: description.nullable().optional(),
    status: z
      .enum(["active", "disabled"])
      .optional()
      .openapi({ description: "What waits when it is disabled is sent once it is active again" }),
  })
  .openapi("UpdateEventSubscription", { example: { status: "active" } });

export const subscriptionWire = z
  .object({
    id: z.string(),
    url: z.string(),
    types,
    filter: filter.nullable(),
    description: z.string().nullable(),
    with_risk: z.boolean(),
    status: z.enum(["active", "disabled"]),
    disabled_because: z.enum(["by_hand", "failing", "gone", "backlog"]).nullable(),
    failing_since: z.iso
      .datetime()
      .nullable()
      .openapi({ description: "Every attempt since then has failed; after five days it is disabled" }),
    previous_secret_until: z.iso
      .datetime()
      .nullable()
      .openapi({ description: "Until then messages are signed with the secret before as well" }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("EventSubscription");

export const newSubscriptionWire = subscriptionWire
  .extend({ secret: z.string().openapi({ description: "Shown this once", example: `${secretPrefix}…` }) })
  .openapi("NewEventSubscription");

export const rotateBody = z
  .strictObject({
    grace_seconds: z
      .int()
      .min(0)
      .max(7 * 86_400)
      .default(86_400)
      .openapi({ description: "For so long both secrets sign" }),
  })
  .openapi("RotateSecret", { example: { grace_seconds: 86_400 } });

const attemptWire = z.object({
  at: z.iso.datetime(),
  outcome: z.enum(["delivered", "failed", "unknown"]),
  status: z.int().nullable().openapi({ description: "Of the answer; null where there was none" }),
  reason: z.string().nullable().openapi({ description: "Where there was no answer", example: "timed_out" }),
  duration_ms: z.int().nullable(),
  answer: z.string().nullable().openapi({ description: "Its first 500 bytes" }),
});

export const eventDeliveryStatuses = ["waiting", "sending", "delivered", "failed"] as const;

export const deliveriesQuery = z.strictObject({
  ...listQuery,
  status: z.enum(eventDeliveryStatuses).optional(),
  type: z.string().min(1).max(100).optional(),
  from: instant.optional(),
  to: instant.optional(),
});

export const deliveryWire = z
  .object({
    id: z.string().openapi({ description: "The event's id, and the message's: webhook-id" }),
    type: z.string(),
    occurred_at: z.iso.datetime(),
    status: z.enum(eventDeliveryStatuses),
    next_attempt_at: z.iso.datetime().nullable(),
    attempts: z.array(attemptWire).openapi({ description: "The newest 20, oldest first" }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("EventDelivery");

export const replayBody = z
  .strictObject({
    from: instant,
    to: instant,
    types: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
  })
  .openapi("ReplayEvents", {
    example: { from: "2026-11-22T00:00:00Z", to: "2026-11-23T00:00:00Z", types: ["redemption.succeeded"] },
  });

export const replayWire = z
  .object({
    id: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    types: z.array(z.string()).nullable(),
    status: z.enum(["running", "done"]),
    found: z.int().min(0).openapi({ description: "Events that are sent again; it ends at 100,000" }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("EventReplay");

export const testWire = z
  .object({
    delivered: z.boolean(),
    status: z.int().nullable(),
    reason: z.string().nullable(),
    duration_ms: z.int(),
    answer: z.string().nullable(),
  })
  .openapi("EventSubscriptionTest");

export function toSubscriptionWire(row: SubscriptionRow): z.infer<typeof subscriptionWire> {
  return {
    id: row.id,
    url: row.url,
    types: row.types.includes(everyType) ? "all" : row.types,
    filter: row.campaign_ids === null ? null : { campaign_ids: row.campaign_ids },
    description: row.description,
    with_risk: row.with_risk,
    status: row.status,
    disabled_because: row.disabled_because,
    failing_since: row.failing_since?.toISOString() ?? null,
    previous_secret_until: row.secret_before_until?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export function toDeliveryWire(row: DeliveryRow): z.infer<typeof deliveryWire> {
  return {
    id: row.event_id,
    type: row.type,
    occurred_at: row.occurred_at.toISOString(),
    status: row.status,
    next_attempt_at: row.status === "waiting" ? row.next_attempt_at.toISOString() : null,
    attempts: (row.attempts as AttemptNote[]).map((note) => ({
      at: note.at,
      outcome: note.outcome,
      status: note.status ?? null,
      reason: note.reason ?? null,
      duration_ms: note.duration_ms ?? null,
      answer: note.answer ?? null,
    })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export function toReplayWire(row: Selectable<DB["event_replay"]>): z.infer<typeof replayWire> {
  return {
    id: row.id,
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    types: row.types,
    status: row.status,
    found: row.found,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
