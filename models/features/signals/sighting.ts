/** What an event says for the measures: pure, and from the event alone. `situations.ts` says the same in SQL. */
import type { Payload } from "../../../ingest/events/events.ts";
import { newcomerSeconds, type Subjects } from "./kinds.ts";

export interface Sighting {
  readonly projectId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** ordered: paid for, with a code or without one; it only says who uses which things. */
  readonly what: "redeemed" | "rejected" | "undone" | "ordered";
  /** Refused, with a code that does not exist. */
  readonly unknown: boolean;
  readonly subjects: Subjects;
  /** The customer, or of a guest the device, card or address; null where nothing tells one guest from another. */
  readonly shopper: string | null;
  readonly newcomer: boolean;
  /** Of redemptions: no other use of the campaign by this customer was known. */
  readonly isFirst: boolean;
  readonly amount: number;
  readonly discountAmount: number;
}

/** Types of events that are sightings. */
export const sightingTypes = [
  "redemption.succeeded",
  "redemption.rejected",
  "redemption.rolled_back",
  "order.paid",
] as const;
type SightingType = (typeof sightingTypes)[number];

export interface SightingEvent<T extends SightingType = SightingType> {
  readonly project_id: string;
  readonly type: T;
  /** RFC 3339. */
  readonly occurred_at: string;
  readonly payload: Payload<T>;
}

const whats = {
  "redemption.succeeded": "redeemed",
  "redemption.rejected": "rejected",
  "redemption.rolled_back": "undone",
  "order.paid": "ordered",
} as const;

/**
 * @param customer the keyed hash of the event's customer; null for a guest.
 * @returns undefined for an event that changes no measure: a rollback that leaves something of the redemption.
 */
export function sightingOf(event: SightingEvent, customer: string | null): Sighting | undefined {
  const { payload } = event;
  if ("rollback_id" in payload && payload.whole === false) return undefined;
  if (!("codes" in payload)) return orderedBy(event.project_id, Date.parse(event.occurred_at), payload, customer);
  const { order, codes, signals = {} } = payload;
  const { account_age_seconds: age, campaign_uses_28d: uses, ...announced } = signals;
  // Of several codes the first is looked at: what one attempt reads has a bound.
  const [first] = codes;
  const subjects: Subjects = {
    ...announced,
    ...(customer === null ? {} : { customer }),
    ...(first === undefined || first.voucher_id === null ? {} : { code: first.voucher_id }),
    ...(first === undefined || first.voucher_id === null || first.campaign_id === null
      ? {}
      : { campaign: first.campaign_id, ...habitOf(customer, first.campaign_id) }),
    project: order.currency,
  };
  return {
    projectId: event.project_id,
    at: Date.parse(event.occurred_at),
    what: whats[event.type],
    unknown: codes.some((code) => code.voucher_id === null && code.code !== ""),
    subjects,
    shopper: shopperOf(subjects),
    isFirst: uses === 0,
    newcomer: customer === null || (age !== undefined && age < newcomerSeconds),
    amount: order.amount,
    discountAmount: order.discount_amount,
  };
}

/** It says what is whose, and how often the customer buys; nothing of a code or a campaign. */
function orderedBy(
  projectId: string,
  at: number,
  { order, signals = {} }: Payload<"order.paid">,
  customer: string | null,
): Sighting {
  const { device, card, address } = signals;
  const subjects: Subjects = { ...(customer === null ? {} : { customer }), device, card, address };
  return {
    ...{ projectId, at, what: "ordered", unknown: false, subjects, isFirst: false },
    shopper: shopperOf(subjects),
    newcomer: customer === null,
    amount: order.amount,
    discountAmount: order.discount_amount,
  };
}

/** A guest has none. */
export function habitOf(customer: string | null, campaign: string): Pick<Subjects, "habit"> {
  return customer === null ? {} : { habit: `${customer}/${campaign}` };
}

/** Sixty bits tell the few counterparts of one subject apart. */
const shortLength = 10;

export function shopperOf({ customer, device, card, address }: Subjects): string | null {
  if (customer !== undefined) return `c${customer.slice(0, shortLength)}`;
  if (device !== undefined) return `d${device.slice(0, shortLength)}`;
  if (card !== undefined) return `k${card.slice(0, shortLength)}`;
  return address === undefined ? null : `a${address.slice(0, shortLength)}`;
}

export function networkOf({ network }: Subjects): string | null {
  return network === undefined ? null : network.slice(0, shortLength);
}
