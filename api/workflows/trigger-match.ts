/** Whether an event is what a workflow waits for, and what is kept of it. Pure: from the event alone. */
import type { ConsumedEvent } from "../../ingest/consumer.ts";
import type { EventType, Payload } from "../../ingest/events/events.ts";
import type { OrderPart } from "../../ingest/events/parts.ts";
import type { FactValue } from "../domain/reason.ts";
import type { Trigger, TriggerOn } from "./trigger-schema.ts";

/** What runs keep of their event: plain data, so that it can wait for months. */
export interface Occurrence {
  readonly type: TriggerOn;
  /** RFC 3339. */
  readonly at: string;
  readonly fields: Readonly<Record<string, FactValue>>;
  readonly order: OrderPart | null;
  /** What it was about, newest last: a delivery may tell of the last one. */
  readonly voucherIds: readonly string[];
  /** Of a redemption: to see whether it still stands. */
  readonly redemptionId?: string;
}

export const followedTypes = [
  "customer.created",
  "order.paid",
  "redemption.succeeded",
  "redemption.rejected",
  "voucher.published",
  "points.changed",
  "segment.entered",
  "segment.left",
  "custom.recorded",
] as const satisfies readonly EventType[];
export type Followed = ConsumedEvent<(typeof followedTypes)[number]>;

/** The triggers that an event of the type may be. */
export const triggersOf: Readonly<Record<Followed["type"], readonly TriggerOn[]>> = {
  "customer.created": ["customer.created"],
  "order.paid": ["order.paid", "orders.reached"],
  "redemption.succeeded": ["redemption.succeeded"],
  "redemption.rejected": ["redemption.rejected"],
  "voucher.published": ["voucher.published"],
  "points.changed": ["points.reached"],
  "segment.entered": ["segment.entered"],
  "segment.left": ["segment.left"],
  "custom.recorded": ["custom"],
};

/** As much of an event as it takes to match it. */
export type PastEvent = {
  [T in Followed["type"]]: {
    readonly event_id: string;
    readonly occurred_at: string;
    readonly type: T;
    readonly payload: Payload<T>;
  };
}[Followed["type"]];

/** Null: it is not. Whether enough orders were reached only the database knows; for that the answer is "perhaps". */
export function occurrenceOf(trigger: Trigger, event: PastEvent): Occurrence | null {
  const nothing = { type: trigger.on, at: event.occurred_at, fields: {}, order: null, voucherIds: [] };
  switch (event.type) {
    case "customer.created":
      return trigger.on === "customer.created" ? nothing : null;
    case "order.paid": {
      if (trigger.on !== "order.paid" && trigger.on !== "orders.reached") return null;
      const { order } = event.payload;
      const fields = { discount_amount: order.discount_amount, total_amount: order.total_amount };
      return { ...nothing, order, fields };
    }
    case "redemption.succeeded":
    case "redemption.rejected":
      return trigger.on === event.type && isOfCampaigns(trigger.campaign_ids, campaignsOf(event.payload))
        ? { ...nothing, ...redemptionPart(event.payload) }
        : null;
    case "voucher.published": {
      const { campaign_id, kind, channel, voucher_id } = event.payload;
      if (trigger.on !== "voucher.published" || !isOfCampaigns(trigger.campaign_ids, [campaign_id])) return null;
      return { ...nothing, fields: { campaign_id, kind, channel }, voucherIds: [voucher_id] };
    }
    case "points.changed": {
      const { points, balance } = event.payload;
      const reached = trigger.on === "points.reached" && balance >= trigger.points && balance - points < trigger.points;
      return reached ? { ...nothing, fields: { points, balance } } : null;
    }
    case "segment.entered":
    case "segment.left":
      return trigger.on === event.type && trigger.segment_id === event.payload.segment_id ? nothing : null;
    case "custom.recorded":
      return trigger.on === "custom" && trigger.name === event.payload.name
        ? { ...nothing, fields: propertiesOf(event.payload.properties) }
        : null;
  }
}

type Redemption = Omit<Payload<"redemption.rejected">, "rejection_id"> & { readonly redemption_id?: string };

function campaignsOf({ codes }: Redemption): string[] {
  const ids = codes.flatMap((code) => [code.campaign_id, code.main_campaign_id]).filter((id) => id !== null);
  return [...new Set(ids)];
}

function isOfCampaigns(asked: readonly string[] | undefined, ids: readonly string[]): boolean {
  return asked === undefined || asked.some((id) => ids.includes(id));
}

function redemptionPart(payload: Redemption): Pick<Occurrence, "fields" | "order" | "voucherIds" | "redemptionId"> {
  const { codes, order, source, redemption_id } = payload;
  const reasons = [...new Set(codes.flatMap((code) => code.reasons.map((reason) => reason.key)))];
  return {
    order,
    voucherIds: codes.map((code) => code.voucher_id).filter((id) => id !== null),
    fields: {
      campaign_ids: campaignsOf(payload),
      codes_count: codes.length,
      source,
      ...(redemption_id === undefined ? { reasons } : { discount_amount: order.discount_amount }),
    },
    ...(redemption_id === undefined ? {} : { redemptionId: redemption_id }),
  };
}

/** Texts, numbers, yes or no, and lists of texts; what is nested deeper no rule can ask about. */
function propertiesOf(properties: Readonly<Record<string, unknown>>): Record<string, FactValue> {
  const fields: Record<string, FactValue> = {};
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") fields[key] = value;
    else if (Array.isArray(value) && value.every((one) => typeof one === "string")) fields[key] = value;
  }
  return fields;
}

/** Under which a run begins once: a number or a sum is reached once, everything else as often as it happens. */
export function triggerKeyOf(trigger: Trigger, eventId: string): string {
  if (trigger.on !== "orders.reached") return eventId;
  return trigger.count === undefined
    ? `orders:amount:${trigger.amount}:${trigger.currency}`
    : `orders:count:${trigger.count}`;
}
