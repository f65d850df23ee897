/** Maps a stored event to a row of `events_raw`: pure, and from the event alone, so that every delivery gives the same row. */
import { z } from "zod";
import { type EventType, type Payload, payloads } from "./events/events.ts";
import type { CodePart, OrderPart, RiskPart } from "./events/parts.ts";

/** Occurrences are bounded at the edge; a month outside would only make stray partitions. */
const earliest = Date.parse("2000-01-01T00:00:00Z");
const latest = Date.parse("2100-01-01T00:00:00Z");

const storedEvent = z.object({
  /** The outbox' transaction id and sequence: together the position of the row. */
  xid: z.string().regex(/^\d{1,20}$/),
  seq: z.int().min(0),
  event_id: z.string().min(1),
  project_id: z.string().min(1),
  type: z.string(),
  version: z.literal(1),
  occurred_at: z.iso
    .datetime()
    .refine((text) => Date.parse(text) >= earliest && Date.parse(text) < latest, "must be from 2000 to before 2100"),
  recorded_at: z.iso.datetime(),
  /** JSON text. */
  payload: z.string(),
});
/** A row of the outbox as the relay reads it. Instants are text, so that microseconds survive. */
export type StoredEvent = Readonly<z.infer<typeof storedEvent>>;

const emptyDetails = {
  customer: "",
  order_id: "",
  subject_id: "",
  redemption_id: "",
  campaign_id: "",
  name: "",
  outcome: "",
  source: "",
  channel: "",
  store_id: "",
  currency: "",
  amount: 0,
  shipping_amount: 0,
  discount_amount: 0,
  total_amount: 0,
  "codes.code": [] as string[],
  "codes.voucher_id": [] as string[],
  "codes.campaign_id": [] as string[],
  "codes.main_campaign_id": [] as string[],
  "codes.discount_amount": [] as number[],
  "items.sku": [] as string[],
  "items.product_id": [] as string[],
  "items.quantity": [] as number[],
  "items.unit_amount": [] as number[],
  "items.discount_amount": [] as number[],
  "items.category": [] as string[],
  "items.categories": [] as string[][],
  "reasons.key": [] as string[],
  "reasons.code": [] as number[],
  "reasons.voucher_code": [] as string[],
  "reasons.campaign_id": [] as string[],
  risk_score: null as number | null,
  risk_action: "",
};
type Details = Readonly<typeof emptyDetails>;

/** A row of `events_raw`, its columns by name. */
export interface EventRow extends Details {
  readonly project_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly version: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly payload: string;
  readonly outbox_xid: string;
  readonly outbox_seq: number;
}

/** The columns that a row names; what the table must have before rows are sent. */
export const eventColumns: readonly string[] = [
  ...["project_id", "event_id", "type", "version", "occurred_at", "recorded_at", "payload", "outbox_xid", "outbox_seq"],
  ...Object.keys(emptyDetails),
];

/** `error` says what is wrong with a row that can never be mapped; it names fields, not values. */
export type Mapped = { readonly row: EventRow } | { readonly error: string };

export function toRow(stored: StoredEvent): Mapped {
  const envelope = storedEvent.safeParse(stored);
  if (!envelope.success) return { error: describe(envelope.error) };
  const { xid, seq, payload, ...event } = envelope.data;
  if (!isEventType(event.type)) return { error: `type: unknown event type ${event.type}` };
  const content = parseJson(payload);
  if (content === undefined) return { error: "payload: not JSON" };
  const details = mappers[event.type](content);
  if (details instanceof z.ZodError) return { error: describe(details) };
  return { row: { ...event, ...emptyDetails, ...details, payload, outbox_xid: xid, outbox_seq: seq } };
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

type Mapper = (content: unknown) => Partial<Details> | z.ZodError;

function mapper<T extends EventType>(type: T, map: (payload: Payload<T>) => Partial<Details>): Mapper {
  return (content) => {
    const parsed = payloads[type].safeParse(content);
    return parsed.success ? map(parsed.data as Payload<T>) : parsed.error;
  };
}

const customerDetails = (payload: Payload<"customer.created">): Partial<Details> => ({
  customer: payload.customer ?? "",
  name: payload.profile.name ?? "",
});

const orderEventDetails = (payload: Payload<"order.created">): Partial<Details> => ({
  customer: payload.customer ?? "",
  subject_id: payload.order.id ?? "",
  ...orderDetails(payload.order),
});

const campaignDetails = ({ campaign }: Payload<"campaign.created">): Partial<Details> => ({
  subject_id: campaign.id,
  campaign_id: campaign.id,
  name: campaign.name,
  outcome: campaign.status,
  channel: campaign.channel ?? "",
  currency: campaign.currency,
});

const voucherDetails = (payload: Payload<"voucher.created">): Partial<Details> => ({
  customer: payload.customer ?? "",
  subject_id: payload.voucher_id,
  campaign_id: payload.campaign_id,
  "codes.code": [payload.code],
  "codes.voucher_id": [payload.voucher_id],
  "codes.campaign_id": [payload.campaign_id],
  "codes.main_campaign_id": [""],
  "codes.discount_amount": [0],
});

const mappers: Readonly<Record<EventType, Mapper>> = {
  "customer.created": mapper("customer.created", customerDetails),
  "customer.updated": mapper("customer.updated", customerDetails),
  "customer.erased": mapper("customer.erased", (payload) => ({ customer: payload.customer ?? "" })),
  "order.created": mapper("order.created", orderEventDetails),
  "order.paid": mapper("order.paid", orderEventDetails),
  "order.cancelled": mapper("order.cancelled", orderEventDetails),
  "order.refunded": mapper("order.refunded", orderEventDetails),
  "custom.recorded": mapper("custom.recorded", (payload) => ({
    customer: payload.customer ?? "",
    subject_id: payload.custom_event_id,
    name: payload.name,
  })),
  "campaign.created": mapper("campaign.created", campaignDetails),
  "campaign.updated": mapper("campaign.updated", campaignDetails),
  "campaign.status_changed": mapper("campaign.status_changed", campaignDetails),
  "voucher.created": mapper("voucher.created", voucherDetails),
  "voucher.disabled": mapper("voucher.disabled", voucherDetails),
  "voucher.enabled": mapper("voucher.enabled", voucherDetails),
  "voucher.published": mapper("voucher.published", (payload) => ({
    ...voucherDetails(payload),
    subject_id: payload.publication_id,
    channel: payload.channel,
  })),
  "voucher_batch.completed": mapper("voucher_batch.completed", (payload) => ({
    subject_id: payload.batch_id,
    campaign_id: payload.campaign_id,
  })),
  "validation.performed": mapper("validation.performed", (payload) => ({
    customer: payload.customer ?? "",
    subject_id: payload.validation_id,
    outcome: payload.valid ? "valid" : "invalid",
    source: payload.source,
    ...orderDetails(payload.order),
    ...codesDetails(payload.codes),
  })),
  "redemption.succeeded": mapper("redemption.succeeded", (payload) => ({
    customer: payload.customer ?? "",
    subject_id: payload.redemption_id,
    redemption_id: payload.redemption_id,
    source: payload.source,
    ...orderDetails(payload.order),
    ...codesDetails(payload.codes),
    ...riskDetails(payload.risk),
  })),
  "redemption.rejected": mapper("redemption.rejected", (payload) => ({
    customer: payload.customer ?? "",
    subject_id: payload.rejection_id,
    source: payload.source,
    ...orderDetails(payload.order),
    ...codesDetails(payload.codes),
    ...riskDetails(payload.risk),
  })),
  "redemption.rolled_back": mapper("redemption.rolled_back", (payload) => ({
    customer: payload.customer ?? "",
    subject_id: payload.rollback_id,
    redemption_id: payload.redemption_id,
    source: payload.source,
    ...orderDetails(payload.order),
    ...codesDetails(payload.codes),
  })),
  "offer.served": mapper("offer.served", (payload) => ({
    customer: payload.customer ?? "",
    subject_id: payload.decision_id,
  })),
  "offer.outcome": mapper("offer.outcome", (payload) => ({
    customer: payload.customer ?? "",
    subject_id: payload.decision_id,
    campaign_id: payload.campaign_id,
    outcome: payload.outcome,
  })),
};

function orderDetails(order: OrderPart): Partial<Details> {
  const { items } = order;
  return {
    order_id: order.id ?? "",
    channel: order.channel ?? "",
    store_id: order.store_id ?? "",
    currency: order.currency,
    amount: order.amount,
    shipping_amount: order.shipping_amount,
    discount_amount: order.discount_amount,
    total_amount: order.total_amount,
    "items.sku": items.map((item) => item.sku),
    "items.product_id": items.map((item) => item.product_id ?? ""),
    "items.quantity": items.map((item) => item.quantity),
    "items.unit_amount": items.map((item) => item.unit_amount),
    "items.discount_amount": items.map((item) => item.discount_amount),
    "items.category": items.map((item) => item.categories[0] ?? ""),
    "items.categories": items.map((item) => item.categories),
  };
}

function codesDetails(codes: readonly CodePart[]): Partial<Details> {
  const reasons = codes.flatMap((code) => code.reasons.map((reason) => ({ code, reason })));
  return {
    "codes.code": codes.map((code) => code.code),
    "codes.voucher_id": codes.map((code) => code.voucher_id ?? ""),
    "codes.campaign_id": codes.map((code) => code.campaign_id ?? ""),
    "codes.main_campaign_id": codes.map((code) => code.main_campaign_id ?? ""),
    "codes.discount_amount": codes.map((code) => code.discount_amount),
    "reasons.key": reasons.map(({ reason }) => reason.key),
    "reasons.code": reasons.map(({ reason }) => reason.code ?? 0),
    "reasons.voucher_code": reasons.map(({ code }) => code.code),
    "reasons.campaign_id": reasons.map(({ code }) => code.campaign_id ?? ""),
  };
}

function riskDetails(risk: RiskPart): Partial<Details> {
  return { risk_score: risk.score, risk_action: risk.action };
}
