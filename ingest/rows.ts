/** Maps a stored event to a row of `events_raw`: pure, and from the event alone, so that every delivery gives the same row. */
import { z } from "zod";
import { type EventType, type Payload, payloads } from "./events/events.ts";
import type { CodePart, OrderPart, RiskPart, SignalsPart } from "./events/parts.ts";
import { type Histories, upcast } from "./events/upcast.ts";

/** A row of the outbox as the relay reads it. Instants are text, so that microseconds survive. */
export interface StoredEvent {
  /** The outbox' transaction id and sequence: together the position of the row. */
  readonly xid: string;
  readonly seq: number;
  readonly event_id: string;
  readonly project_id: string;
  readonly type: string;
  readonly version: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  /** JSON text. */
  readonly payload: string;
}

/** A row of `events_raw`, its columns by name. */
export type EventRow = Readonly<ReturnType<typeof rowOf>>;

/** `error` says what is wrong with a row that can never be mapped; it names fields, not values. */
export type Mapped = { readonly row: EventRow } | { readonly error: string };

/** @param known the histories of the contracts; a test may tell of others. */
export function toRow(stored: StoredEvent, known?: Histories): Mapped {
  const fault = faultOf(stored);
  if (fault !== undefined) return { error: fault };
  const { type } = stored;
  if (!isEventType(type)) return { error: `type: unknown event type ${type}` };
  const content = parseJson(stored.payload);
  if (content === undefined) return { error: "payload: not JSON" };
  const current = upcast(type, stored.version, content, known);
  if ("error" in current) return { error: current.error };
  const subject = mappers[type](current.content);
  if (subject instanceof z.ZodError) return { error: describe(subject) };
  return { row: rowOf(stored, subject) };
}

const instantText = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

/** Types and presence are the table's; by hand, because a schema for these few fields costs as much as the payload's. */
function faultOf({ event_id, project_id, version, occurred_at, recorded_at }: StoredEvent): string | undefined {
  if (event_id === "") return "event_id: is empty";
  if (project_id === "") return "project_id: is empty";
  if (version < 1) return "version: must be 1 or more";
  if (!instantText.test(recorded_at)) return "recorded_at: is no instant in UTC";
  if (!instantText.test(occurred_at)) return "occurred_at: is no instant in UTC";
  // Bounded at the edge too; a month outside would only make stray partitions. Texts of this form sort as their instants.
  if (occurred_at < "2000" || occurred_at >= "2100") return "occurred_at: must be from 2000 to before 2100";
  return undefined;
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(payloads, type);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
}

/** What an event's payload says, in the words of the columns; null and absent both become the column's empty value. */
interface Subject {
  readonly customer?: string | null;
  readonly subjectId?: string | null;
  readonly redemptionId?: string;
  readonly campaignId?: string;
  readonly name?: string | null;
  readonly outcome?: string;
  readonly source?: string;
  readonly channel?: string | null;
  readonly currency?: string;
  readonly order?: OrderPart;
  readonly orderId?: string | undefined;
  readonly codes?: readonly CodePart[];
  readonly risk?: RiskPart | undefined;
  /** Text where it may be no safe integer. */
  readonly changedBy?: number | string | null;
  readonly balance?: number | null | undefined;
  readonly expiresAt?: string | null | undefined;
  readonly model?: string;
  readonly signals?: SignalsPart | undefined;
}

type Mapper = (content: unknown) => Subject | z.ZodError;

function mapper<T extends EventType>(type: T, map: (payload: Payload<T>) => Subject): Mapper {
  return (content) => {
    const parsed = payloads[type].safeParse(content);
    return parsed.success ? map(parsed.data as Payload<T>) : parsed.error;
  };
}

const customerSubject = ({ customer, profile }: Payload<"customer.created">): Subject => ({
  customer,
  name: profile.name,
});

const orderSubject = ({ customer, order, signals }: Payload<"order.created">): Subject => ({
  customer,
  subjectId: order.id,
  order,
  signals,
});

const campaignSubject = ({ campaign }: Payload<"campaign.created">): Subject => ({
  subjectId: campaign.id,
  campaignId: campaign.id,
  name: campaign.name,
  outcome: campaign.status,
  channel: campaign.channel,
  currency: campaign.currency,
});

/** The voucher that an event is about, where the columns of codes keep it. */
function voucherPart(code: string, voucher_id: string, campaign_id: string | null): CodePart {
  return { code, voucher_id, campaign_id, main_campaign_id: null, discount_amount: 0, reasons: [] };
}

const voucherSubject = ({ customer, voucher_id, campaign_id, code, ...card }: Payload<"voucher.created">): Subject => ({
  customer,
  subjectId: voucher_id,
  campaignId: campaign_id,
  codes: [voucherPart(code, voucher_id, campaign_id)],
  balance: card.balance_amount,
  expiresAt: card.expires_at,
});

/** What the gift cards of a batch hold in all. */
function together(cards: number, balance: number | null | undefined): string {
  return (BigInt(cards) * BigInt(balance ?? 0)).toString();
}

const releaseSubject = (payload: Payload<"reservation.confirmed"> & { order_id?: string }): Subject => ({
  customer: payload.customer,
  subjectId: payload.reservation_id,
  redemptionId: payload.redemption_id,
  orderId: payload.order_id,
});

/** The campaign is the one that gave the reward, and not the campaign of the voucher. */
const rewardSubject = (payload: Payload<"reward.revoked">): Subject => ({
  customer: payload.customer,
  subjectId: payload.reward_id,
  redemptionId: payload.redemption_id,
  campaignId: payload.campaign_id,
  outcome: payload.reward_type,
  codes: payload.voucher_id === null ? [] : [voucherPart("", payload.voucher_id, null)],
  changedBy: payload.amount,
});

/** By `outcome` the warehouse tells moves that rules made: what they follow is not changed by them. */
const segmentSubject = ({ segment_id, name, customer, kind }: Payload<"segment.entered">): Subject => ({
  customer,
  subjectId: segment_id,
  name,
  outcome: kind ?? "",
});

/**
 * `outcome` is the status, which after a decision is the decision. The score stays in the payload: the columns of risk
 * are those of attempts, and counted as such.
 */
const reviewSubject = (payload: Payload<"review.opened">): Subject => ({
  customer: payload.customer,
  subjectId: payload.review_id,
  redemptionId: payload.redemption_id ?? "",
  campaignId: payload.campaign_id ?? "",
  name: payload.subject.id,
  outcome: payload.status,
  source: payload.origin,
  currency: payload.currency,
  orderId: payload.order_id ?? "",
  changedBy: payload.amount,
  model: payload.model ?? "",
});

const deliverySubject = (payload: Payload<"delivery.queued">): Subject => ({
  customer: payload.customer,
  subjectId: payload.delivery_id,
  campaignId: payload.campaign_id ?? "",
  name: payload.template_id,
  outcome: payload.reason ?? "",
  source: payload.channel_id,
  channel: payload.channel_kind,
});

const publicationSubject = (payload: Payload<"publication.queued"> & { reason?: string }): Subject => ({
  customer: payload.customer,
  subjectId: payload.publication_id,
  campaignId: payload.campaign_id ?? "",
  outcome: payload.reason ?? "",
  source: payload.delivery_id ?? "",
  name: payload.pool_id,
  channel: payload.channel,
});

const popupSubject = (payload: Payload<"popup.shown">): Subject => ({
  customer: payload.customer,
  subjectId: payload.popup_id,
  campaignId: payload.campaign_id ?? "",
  name: payload.publication_id,
  source: payload.delivery_id,
  channel: "popup",
});

/** Under the name that the workflow had then; what ended the run is the source. */
const runSubject = (payload: Payload<"workflow_run.started">): Subject => ({
  customer: payload.customer,
  subjectId: payload.workflow_run_id,
  name: payload.workflow_name,
  outcome: payload.outcome,
  source: payload.reason ?? "",
});

const clawBackSubject = (payload: Payload<"claw_back.done">): Subject => ({
  customer: payload.customer,
  subjectId: payload.claw_back_id,
  name: payload.review_id,
  outcome: payload.scope,
  currency: payload.amounts.length === 1 ? (payload.amounts[0]?.currency ?? "") : "",
  changedBy: payload.redemptions,
});

const mappers: Readonly<Record<EventType, Mapper>> = {
  "customer.created": mapper("customer.created", customerSubject),
  "customer.updated": mapper("customer.updated", customerSubject),
  "customer.erased": mapper("customer.erased", ({ customer }) => ({ customer })),
  "order.created": mapper("order.created", orderSubject),
  "order.paid": mapper("order.paid", orderSubject),
  "order.cancelled": mapper("order.cancelled", orderSubject),
  "order.refunded": mapper("order.refunded", orderSubject),
  "custom.recorded": mapper("custom.recorded", ({ customer, custom_event_id, name }) => ({
    customer,
    subjectId: custom_event_id,
    name,
  })),
  "campaign.created": mapper("campaign.created", campaignSubject),
  "campaign.updated": mapper("campaign.updated", campaignSubject),
  "campaign.status_changed": mapper("campaign.status_changed", campaignSubject),
  "campaign.budget_reached": mapper("campaign.budget_reached", ({ campaign_id, name, currency, ...payload }) => ({
    subjectId: campaign_id,
    campaignId: campaign_id,
    name,
    currency,
    outcome: String(payload.threshold_percent),
    changedBy: payload.used_amount,
    balance: payload.budget_amount,
  })),
  "project.updated": mapper("project.updated", ({ project }) => ({ subjectId: project.id, name: project.name })),
  "voucher.created": mapper("voucher.created", voucherSubject),
  "voucher.disabled": mapper("voucher.disabled", voucherSubject),
  "voucher.enabled": mapper("voucher.enabled", voucherSubject),
  "voucher.published": mapper("voucher.published", (payload) => ({
    ...voucherSubject(payload),
    subjectId: payload.publication_id,
    channel: payload.channel,
  })),
  "voucher.assigned": mapper("voucher.assigned", voucherSubject),
  "voucher.expiry_changed": mapper("voucher.expiry_changed", voucherSubject),
  "voucher_batch.completed": mapper("voucher_batch.completed", ({ batch_id, campaign_id, size, ...each }) => ({
    subjectId: batch_id,
    campaignId: campaign_id,
    changedBy: together(size, each.balance_amount),
    expiresAt: each.expires_at,
  })),
  "voucher_batch.cancelled": mapper("voucher_batch.cancelled", ({ batch_id, campaign_id, done, ...each }) => ({
    subjectId: batch_id,
    campaignId: campaign_id,
    changedBy: together(done, each.balance_amount),
    expiresAt: each.expires_at,
  })),
  "validation.performed": mapper("validation.performed", ({ validation_id, valid, ...payload }) => ({
    ...payload,
    subjectId: validation_id,
    outcome: valid ? "valid" : "invalid",
  })),
  "redemption.succeeded": mapper("redemption.succeeded", ({ redemption_id, ...payload }) => ({
    ...payload,
    subjectId: redemption_id,
    redemptionId: redemption_id,
  })),
  "redemption.rejected": mapper("redemption.rejected", ({ rejection_id, ...payload }) => ({
    ...payload,
    subjectId: rejection_id,
  })),
  "redemption.rolled_back": mapper("redemption.rolled_back", ({ rollback_id, redemption_id, whole, ...payload }) => ({
    ...payload,
    subjectId: rollback_id,
    redemptionId: redemption_id,
    // What an event from before it could say so does not say stays empty: a second delivery must give the same row.
    outcome: whole === undefined ? "" : whole ? "whole" : "part",
  })),
  "risk.rescored": mapper("risk.rescored", ({ redemption_id, order_id, ...payload }) => ({
    ...payload,
    subjectId: redemption_id,
    redemptionId: redemption_id,
    orderId: order_id,
  })),
  "reservation.created": mapper("reservation.created", ({ reservation_id, redemption_id, ...payload }) => ({
    ...payload,
    subjectId: reservation_id,
    redemptionId: redemption_id,
    outcome: payload.held_for_review === true ? "held_for_review" : "",
  })),
  "reservation.confirmed": mapper("reservation.confirmed", releaseSubject),
  "reservation.cancelled": mapper("reservation.cancelled", releaseSubject),
  "reservation.expired": mapper("reservation.expired", releaseSubject),
  "reward.issued": mapper("reward.issued", rewardSubject),
  "reward.revoked": mapper("reward.revoked", rewardSubject),
  "points.changed": mapper("points.changed", ({ customer, entry_id, kind, points, balance }) => ({
    customer,
    subjectId: entry_id,
    outcome: kind,
    changedBy: points,
    balance,
  })),
  "gift_card.credited": mapper("gift_card.credited", ({ customer, voucher_id, campaign_id, code, ...payload }) => ({
    customer,
    subjectId: voucher_id,
    campaignId: campaign_id,
    codes: [voucherPart(code, voucher_id, campaign_id)],
    changedBy: payload.amount,
    balance: payload.balance_amount,
  })),
  "pool.low_stock": mapper("pool.low_stock", ({ pool_id, name, left }) => ({
    subjectId: pool_id,
    name,
    balance: left,
  })),
  "event_subscription.disabled": mapper("event_subscription.disabled", ({ subscription_id, because }) => ({
    subjectId: subscription_id,
    outcome: because,
  })),
  "code_guessing.detected": mapper("code_guessing.detected", ({ subject_kind, customer, failures }) => ({
    customer,
    outcome: subject_kind,
    changedBy: failures,
  })),
  "review.opened": mapper("review.opened", reviewSubject),
  "review.assigned": mapper("review.assigned", reviewSubject),
  "review.held": mapper("review.held", reviewSubject),
  "review.decided": mapper("review.decided", reviewSubject),
  "review.closed": mapper("review.closed", reviewSubject),
  "review.reopened": mapper("review.reopened", reviewSubject),
  "claw_back.done": mapper("claw_back.done", clawBackSubject),
  "claw_back.undone": mapper("claw_back.undone", clawBackSubject),
  "segment.entered": mapper("segment.entered", segmentSubject),
  "segment.left": mapper("segment.left", segmentSubject),
  "offer.served": mapper("offer.served", ({ customer, decision_id, model }) => ({
    customer,
    subjectId: decision_id,
    model,
  })),
  "delivery.queued": mapper("delivery.queued", deliverySubject),
  "delivery.sent": mapper("delivery.sent", deliverySubject),
  "delivery.failed": mapper("delivery.failed", deliverySubject),
  "delivery.skipped": mapper("delivery.skipped", deliverySubject),
  "delivery.bounced": mapper("delivery.bounced", deliverySubject),
  "workflow_run.started": mapper("workflow_run.started", runSubject),
  "workflow_run.finished": mapper("workflow_run.finished", runSubject),
  "workflow_run.failed": mapper("workflow_run.failed", runSubject),
  "workflow_run.skipped": mapper("workflow_run.skipped", runSubject),
  "pool_code.published": mapper("pool_code.published", publicationSubject),
  "publication.queued": mapper("publication.queued", publicationSubject),
  "publication.delivered": mapper("publication.delivered", publicationSubject),
  "publication.returned": mapper("publication.returned", ({ voucher_id, expires_at, ...payload }) => ({
    ...publicationSubject(payload),
    codes: voucher_id ? [voucherPart("", voucher_id, payload.campaign_id)] : [],
    expiresAt: expires_at,
  })),
  "publication.failed": mapper("publication.failed", publicationSubject),
  "popup.shown": mapper("popup.shown", popupSubject),
  "popup.clicked": mapper("popup.clicked", popupSubject),
  "popup.dismissed": mapper("popup.dismissed", popupSubject),
  "publication_job.finished": mapper("publication_job.finished", ({ job_id, campaign_id, status, published }) => ({
    subjectId: job_id,
    campaignId: campaign_id,
    outcome: status,
    changedBy: published,
  })),
  "campaign.low_stock": mapper("campaign.low_stock", ({ campaign_id, name, left }) => ({
    subjectId: campaign_id,
    campaignId: campaign_id,
    name,
    balance: left,
  })),
  "offer.outcome": mapper("offer.outcome", ({ customer, decision_id, campaign_id, outcome }) => ({
    customer,
    subjectId: decision_id,
    campaignId: campaign_id,
    outcome,
  })),
};

/** One literal with every column: spreading objects of this size together costs ten times the rest of the mapping. */
function rowOf(event: StoredEvent, subject: Subject) {
  const { order, risk, codes = [] } = subject;
  const items = order?.items ?? [];
  const reasons = codes.flatMap((code) => code.reasons.map((reason) => ({ code, reason })));
  const rewards = codes.flatMap((code, at) => (code.rewards ?? []).map((reward) => ({ position: at + 1, reward })));
  return {
    project_id: event.project_id,
    event_id: event.event_id,
    type: event.type,
    version: event.version,
    occurred_at: event.occurred_at,
    recorded_at: event.recorded_at,
    customer: subject.customer ?? "",
    order_id: order?.id ?? subject.orderId ?? "",
    subject_id: subject.subjectId ?? "",
    redemption_id: subject.redemptionId ?? "",
    campaign_id: subject.campaignId ?? "",
    name: subject.name ?? "",
    outcome: subject.outcome ?? "",
    source: subject.source ?? "",
    channel: subject.channel ?? order?.channel ?? "",
    store_id: order?.store_id ?? "",
    currency: subject.currency ?? order?.currency ?? "",
    amount: order?.amount ?? 0,
    shipping_amount: order?.shipping_amount ?? 0,
    discount_amount: order?.discount_amount ?? 0,
    total_amount: order?.total_amount ?? 0,
    "codes.code": codes.map((code) => code.code),
    "codes.voucher_id": codes.map((code) => code.voucher_id ?? ""),
    "codes.campaign_id": codes.map((code) => code.campaign_id ?? ""),
    "codes.main_campaign_id": codes.map((code) => code.main_campaign_id ?? ""),
    "codes.discount_amount": codes.map((code) => code.discount_amount),
    "codes.expires_at": codes.map((code) => code.expires_at ?? null),
    "items.sku": items.map((item) => item.sku),
    "items.product_id": items.map((item) => item.product_id ?? ""),
    "items.quantity": items.map((item) => item.quantity),
    "items.unit_amount": items.map((item) => item.unit_amount),
    "items.unit_cost_amount": items.map((item) => item.unit_cost_amount ?? null),
    "items.discount_amount": items.map((item) => item.discount_amount),
    "items.category": items.map((item) => item.categories[0] ?? ""),
    "items.categories": items.map((item) => item.categories),
    "reasons.key": reasons.map(({ reason }) => reason.key),
    "reasons.code": reasons.map(({ reason }) => reason.code ?? 0),
    "reasons.voucher_code": reasons.map(({ code }) => code.code),
    "reasons.campaign_id": reasons.map(({ code }) => code.campaign_id ?? ""),
    risk_score: risk?.score ?? null,
    risk_action: risk?.action ?? "",
    "rewards.code_position": rewards.map(({ position }) => position),
    "rewards.type": rewards.map(({ reward }) => reward.type),
    "rewards.discount_amount": rewards.map(({ reward }) => reward.discount_amount),
    "rewards.given": rewards.map(({ reward }) => reward.points ?? reward.amount ?? 0),
    changed_by: subject.changedBy ?? 0,
    balance: subject.balance ?? 0,
    expires_at: subject.expiresAt ?? null,
    model: subject.model ?? risk?.model ?? "",
    signals: signalsOf(subject.signals),
    payload: event.payload,
    outbox_xid: event.xid,
    outbox_seq: event.seq,
  };
}

/** A map of texts; the age of the account is one of them. */
function signalsOf(part: SignalsPart | undefined): Record<string, string> {
  const signals: Record<string, string> = {};
  for (const [kind, value] of Object.entries(part ?? {})) signals[kind] = String(value);
  return signals;
}

const noEvent: StoredEvent = {
  ...{ xid: "0", seq: 0, event_id: "", project_id: "", type: "", version: 1 },
  ...{ occurred_at: "", recorded_at: "", payload: "" },
};

/** The columns that a row names; what the table must have before rows are sent. */
export const eventColumns: readonly string[] = Object.keys(rowOf(noEvent, {}));
