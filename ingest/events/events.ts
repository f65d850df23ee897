/**
 * Every event the service announces: its type, its version and its payload. Producers build an `Event`, the outbox
 * stores it, the relay parses it again before it maps it to a warehouse row. A payload changes only by a new version.
 */
import { z } from "zod";
import { deliveryPayloads } from "./deliveries.ts";
import {
  codePart,
  customerIdentifier,
  instant,
  money,
  orderPart,
  riskAction,
  riskPart,
  signalsPart,
  source,
} from "./parts.ts";
import { popupPayloads } from "./popups.ts";
import { publicationPayloads } from "./publications.ts";
import { subscriptionPayloads } from "./subscriptions.ts";
import { workflowPayloads } from "./workflows.ts";

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
  /** Share of the customers it is withheld from; null for a main campaign, absent in events from before it was told. */
  holdout_percent: z.int().min(0).max(100).nullish(),
});

const customerSnapshot = z.object({
  identifier: z.string(),
  name: z.string().nullable(),
  attributes: z.record(z.string(), z.json()),
  tags: z.record(z.string(), z.array(z.string())),
  created_at: instant,
  /** What segments ask; absent in events from before they did. */
  birthday: z.string().nullish(),
  consent: z.record(z.string(), z.boolean()).optional(),
  metadata: z.record(z.string(), z.json()).optional(),
});

const campaignEvent = z.object({ campaign: campaignSnapshot });
const customerEvent = z.object({ customer: customerIdentifier, profile: customerSnapshot });
const orderEvent = z.object({ customer: customerIdentifier, order: orderPart, signals: signalsPart.optional() });
const voucherKind = z.enum(["unique", "generic", "gift_card"]);
const voucherEvent = z.object({
  voucher_id: z.string(),
  campaign_id: z.string(),
  code: z.string(),
  kind: voucherKind,
  customer: customerIdentifier,
  /** Of a gift card: what it holds; when it is created, what it is issued with. */
  balance_amount: money.nullish(),
  /** Until when it is good; null for ever. Absent in events from before they said so. */
  expires_at: instant.nullish(),
  /** The batch that made it. */
  batch_id: z.string().nullish(),
});
const redemptionEvent = z.object({
  redemption_id: z.string(),
  customer: customerIdentifier,
  order: orderPart,
  codes: z.array(codePart),
  /** Absent of one that stands again after a claw-back was undone: it was assessed when it was made first. */
  risk: riskPart.optional(),
  source,
  signals: signalsPart.optional(),
});

/** The most that a batch may have: with a card's greatest balance, all of them together still are an Int64. */
const batchSize = z.int().min(0).max(5_000_000);
/** What all vouchers of a batch have in common. Absent in events from before they said so. */
const batchOf = { kind: voucherKind.optional(), expires_at: instant.nullish() };
const reservationEvent = z.object({
  reservation_id: z.string(),
  /** The id that the redemption has, once it is confirmed. */
  redemption_id: z.string(),
  customer: customerIdentifier,
});
const releaseEvent = reservationEvent.extend({ order_id: z.string() });
const rewardEvent = z.object({
  reward_id: z.string(),
  redemption_id: z.string(),
  /** The campaign that gave it. */
  campaign_id: z.string(),
  /** Who got it. */
  customer: customerIdentifier,
  reward_type: z.enum(["points", "voucher", "pool_voucher", "gift_credit"]),
  /** Points, or minor units of credit. */
  amount: z.int().min(0).nullable(),
  voucher_id: z.string().nullable(),
});
const segmentEvent = z.object({
  segment_id: z.string(),
  name: z.string(),
  customer: z.string(),
  /** dynamic: moved by rules. Absent in events from before it was told. */
  kind: z.enum(["static", "dynamic"]).optional(),
});

/** A review as it is after what happened to it. */
const reviewEvent = z.object({
  review_id: z.string(),
  subject: z.object({ kind: z.enum(["redemption", "rejection", "reservation"]), id: z.string() }),
  /** The subject itself, or what a reservation becomes; null for a rejection. */
  redemption_id: z.string().nullable(),
  customer: customerIdentifier,
  campaign_id: z.string().nullable(),
  order_id: z.string().nullable(),
  status: z.enum(["open", "held", "confirmed", "dismissed", "closed"]),
  /** Whether the score came in the request or later. */
  origin: z.enum(["request", "late"]),
  score: z.number().min(0).max(1).nullable(),
  action: riskAction,
  model: z.string().nullable(),
  /** Features of the score, strongest first. */
  features: z.array(z.string()),
  /** Ids of the rules that fired. */
  rules: z.array(z.string()),
  currency: z.string(),
  /** What is at risk. */
  amount: money,
  opened_at: instant,
  due_at: instant,
  /** The key of who has it, or decided it, and its name; null where it is nobody's. */
  reviewer: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
});
const clawBackEvent = z.object({
  claw_back_id: z.string(),
  review_id: z.string(),
  customer: customerIdentifier,
  scope: z.enum(["this", "cluster"]),
  reviewer: z.object({ id: z.string(), name: z.string().nullable() }),
  /** What was done, or undone. */
  redemptions: z.int().min(0),
  vouchers: z.int().min(0),
  customers: z.int().min(0),
  failed: z.int().min(0),
  /** Discount given back, or standing again. */
  amounts: z.array(z.object({ currency: z.string(), amount: money })),
  /** Undone, but other claw-backs want it given back as well: it counts as theirs from now on. */
  passed_on: z.array(z.object({ claw_back_id: z.string(), currency: z.string(), amount: money })).optional(),
});

const budgetEvent = z.object({
  campaign_id: z.string(),
  name: z.string(),
  currency: z.string(),
  /** 80 or 100. */
  threshold_percent: z.int().min(1).max(100),
  budget_amount: money,
  used_amount: money,
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
  "campaign.budget_reached": budgetEvent,
  "project.updated": z.object({
    project: z.object({
      id: z.string(),
      name: z.string(),
      /** Share of the customers from whom every campaign is withheld. */
      holdout_percent: z.int().min(0).max(50),
    }),
  }),
  "voucher.created": voucherEvent,
  "voucher.disabled": voucherEvent,
  "voucher.enabled": voucherEvent,
  "voucher.published": voucherEvent.extend({ publication_id: z.string(), channel: z.string() }),
  "voucher.assigned": voucherEvent,
  /** It is good until another time than before. */
  "voucher.expiry_changed": voucherEvent,
  "voucher_batch.completed": z.object({
    batch_id: z.string(),
    campaign_id: z.string(),
    size: batchSize,
    /** What each gift card of the batch is issued with. */
    balance_amount: money.nullish(),
    ...batchOf,
  }),
  /** `done` codes of it exist and stay. */
  "voucher_batch.cancelled": z.object({
    batch_id: z.string(),
    campaign_id: z.string(),
    done: batchSize,
    size: batchSize,
    balance_amount: money.nullish(),
    ...batchOf,
  }),
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
  /**
   * Amounts are what goes back now: of each code, of each line, and `order.discount_amount` in all. The order has all
   * its lines in their places, with 0 where nothing goes back. `whole`: nothing is left of the redemption. Absent in events from before redemptions could be rolled back in parts; those are whole.
   */
  "redemption.rolled_back": redemptionEvent
    .omit({ risk: true })
    .extend({ rollback_id: z.string(), reason: z.string().nullable(), whole: z.boolean().optional() }),
  /** What came later made a redemption suspect: a score of now, with a stricter action than at its time. At most once. */
  "risk.rescored": z.object({
    redemption_id: z.string(),
    customer: customerIdentifier,
    order_id: z.string(),
    risk: riskPart,
  }),
  "reservation.created": reservationEvent.extend({
    expires_at: instant,
    order: orderPart,
    codes: z.array(codePart),
    source,
    signals: signalsPart.optional(),
    /** Absent in events from before reservations were scored. */
    risk: riskPart.optional(),
    /** It was made by a score: nobody but a reviewer may confirm it. */
    held_for_review: z.boolean().optional(),
  }),
  "reservation.confirmed": reservationEvent,
  "reservation.cancelled": releaseEvent,
  "reservation.expired": releaseEvent,
  "reward.issued": rewardEvent.extend({ role: z.enum(["customer", "referrer"]) }),
  "reward.revoked": rewardEvent,
  "points.changed": z.object({
    customer: customerIdentifier,
    entry_id: z.string(),
    kind: z.enum(["earned", "spent", "exchanged", "expired", "adjusted", "returned", "revoked"]),
    /** Negative when the account loses them. */
    points: z.int(),
    /** Of the account, after it. */
    balance: z.int().min(0),
    reason: z.string().nullable(),
    reference_id: z.string().nullable(),
  }),
  "gift_card.credited": z.object({
    voucher_id: z.string(),
    campaign_id: z.string(),
    code: z.string(),
    customer: customerIdentifier,
    /** Negative when credit is taken back. */
    amount: z.int(),
    /** Of the card, after it. */
    balance_amount: money,
    reason: z.string().nullable(),
  }),
  "pool.low_stock": z.object({
    pool_id: z.string(),
    name: z.string(),
    left: z.int().min(0),
    low_stock: z.int().min(0),
  }),
  "code_guessing.detected": z.object({
    /** What the failures were counted by: the kind of it, never the address or the key itself. */
    subject_kind: z.string(),
    customer: customerIdentifier,
    failures: z.int().min(1),
    window_seconds: z.int().min(1),
  }),
  "review.opened": reviewEvent,
  "review.assigned": reviewEvent,
  /** Somebody looked, and wants to look again. */
  "review.held": reviewEvent,
  /** The label that models learn from. */
  "review.decided": reviewEvent.extend({
    decision: z.enum(["confirmed", "dismissed"]),
    claw_back: z.enum(["none", "this", "cluster"]),
    /** From taking it to deciding it. */
    working_seconds: z.number().min(0),
    /** It came after it was due. */
    overdue: z.boolean(),
  }),
  /** It ended before anybody decided. */
  "review.closed": reviewEvent.extend({
    because: z.enum(["rolled_back", "reservation_cancelled", "reservation_expired"]),
  }),
  /** Its decision was taken back, and with it the label. */
  "review.reopened": reviewEvent,
  "claw_back.done": clawBackEvent,
  "claw_back.undone": clawBackEvent,
  "segment.entered": segmentEvent,
  "segment.left": segmentEvent,
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
        /** What the shop would earn of the basket before the discount; null while no basket is known. */
        expected_margin_amount: money.nullable().optional(),
        /** The part of the probability that the offer causes; null where no holdout measures it. */
        uplift: z.number().nullable().optional(),
        /**
         * What each policy would do at this rank, whether or not it ranked: its propensity of this very offer, and the
         * probability and value that are expected of what it would show here.
         */
        policies: z
          .array(
            z.object({
              policy: z.string(),
              propensity: z.number(),
              probability: z.number(),
              value_amount: z.number().nullable(),
            }),
          )
          .optional(),
      }),
    ),
    /** The policy of the customer's arm, which ranked. Absent in events from before policies. */
    policy: z.string().optional(),
    /** Of the project's settings: it changes with them, and begins a new comparison of the arms. */
    policy_version: z.int().min(0).optional(),
    /** Share of customers of each arm, in percent. */
    arms: z.record(z.string(), z.number()).optional(),
    /** The share of decisions in an order drawn at random. */
    exploration: z.number().optional(),
    /** How many offers there were to choose from. */
    candidates_count: z.int().min(0).optional(),
    /** The basket and where it is; absent without an order. */
    situation: z.object({ amount: money, channel: z.string().nullable(), categories: z.array(z.string()) }).optional(),
  }),
  ...deliveryPayloads,
  ...subscriptionPayloads,
  ...workflowPayloads,
  ...publicationPayloads,
  ...popupPayloads,
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
