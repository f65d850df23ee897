/**
 * Every event the service announces: its type, its version and its payload. Producers build an `Event`, the outbox
 * stores it, the relay parses it again before it maps it to a warehouse row. A payload changes only by a new version.
 */
import { z } from "zod";
import { codePart, customerIdentifier, instant, money, orderPart, riskPart, source } from "./parts.ts";

const campaignSnapshot = z.object({
  id: z.string(),
  type: z.enum(["main", "sub"]),
  parent_id: z.string().nullable(),
  name: z.string(),
  template: z.string(),
  status: z.enum(["draft", "active", "paused", "archived"]),
  currency: z.string(),
  budget_amount: money.nullable(),
  redemptions_max: z.int().nullable(),
  starts_at: instant.nullable(),
  ends_at: instant.nullable(),
  channel: z.string().nullable(),
  team: z.string().nullable(),
  metadata: z.record(z.string(), z.json()),
  version: z.int(),
});

const customerSnapshot = z.object({
  identifier: z.string(),
  name: z.string().nullable(),
  attributes: z.record(z.string(), z.json()),
  tags: z.record(z.string(), z.array(z.string())),
  created_at: instant,
});

const campaignEvent = z.object({ campaign: campaignSnapshot });
const customerEvent = z.object({ customer: customerIdentifier, profile: customerSnapshot });
const orderEvent = z.object({ customer: customerIdentifier, order: orderPart });
const voucherEvent = z.object({
  voucher_id: z.string(),
  campaign_id: z.string(),
  code: z.string(),
  kind: z.enum(["unique", "generic"]),
  customer: customerIdentifier,
});
const redemptionEvent = z.object({
  redemption_id: z.string(),
  customer: customerIdentifier,
  order: orderPart,
  codes: z.array(codePart),
  risk: riskPart,
  source,
});

/** The payload schema of every event type, at its current version. */
export const payloads = {
  "customer.created": customerEvent,
  "customer.updated": customerEvent,
  "customer.erased": z.object({ customer: customerIdentifier }),
  "order.created": orderEvent,
  "order.paid": orderEvent,
  "order.cancelled": orderEvent,
  "order.refunded": orderEvent,
  "custom.recorded": z.object({
    customer: customerIdentifier,
    custom_event_id: z.string(),
    name: z.string(),
    properties: z.record(z.string(), z.json()),
  }),
  "campaign.created": campaignEvent,
  "campaign.updated": campaignEvent,
  "campaign.status_changed": campaignEvent,
  "voucher.created": voucherEvent,
  "voucher.disabled": voucherEvent,
  "voucher.enabled": voucherEvent,
  "voucher.published": voucherEvent.extend({ publication_id: z.string(), channel: z.string() }),
  "voucher_batch.completed": z.object({ batch_id: z.string(), campaign_id: z.string(), size: z.int() }),
  "validation.performed": z.object({
    validation_id: z.string(),
    valid: z.boolean(),
    customer: customerIdentifier,
    order: orderPart,
    codes: z.array(codePart),
    source,
  }),
  "redemption.succeeded": redemptionEvent,
  "redemption.rejected": redemptionEvent.omit({ redemption_id: true }).extend({ rejection_id: z.string() }),
  "redemption.rolled_back": redemptionEvent
    .omit({ risk: true })
    .extend({ rollback_id: z.string(), reason: z.string().nullable() }),
  "offer.served": z.object({
    decision_id: z.string(),
    customer: customerIdentifier,
    model: z.string(),
    offers: z.array(
      z.object({
        rank: z.int(),
        campaign_id: z.string(),
        code: z.string().nullable(),
        discount_amount: money,
        probability: z.number().nullable(),
        expected_value_amount: z.int().nullable(),
        propensity: z.number(),
        features: z.record(z.string(), z.number()).nullable(),
      }),
    ),
  }),
  "offer.outcome": z.object({
    decision_id: z.string(),
    customer: customerIdentifier,
    campaign_id: z.string(),
    outcome: z.enum(["shown", "taken", "dismissed"]),
  }),
} as const;

export type EventType = keyof typeof payloads;
export type Payload<T extends EventType> = z.infer<(typeof payloads)[T]>;

/** An event as producers hand it to the outbox. */
export type Event = {
  [T in EventType]: {
    readonly event_id: string;
    readonly project_id: string;
    readonly type: T;
    readonly version: 1;
    /** When it happened, by the clock that decided it. RFC 3339 UTC. */
    readonly occurred_at: string;
    readonly payload: Payload<T>;
  };
}[EventType];
