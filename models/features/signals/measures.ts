/**
 * What is measured of a subject. Each measure is defined once, here: `state.ts` keeps what it takes and `read.ts` reads
 * it for a request, `situations.ts` writes the SQL by which training gets the same numbers out of the events.
 *
 * All are of strictly before the moment t, in milliseconds. Counts saturate at `countMost` and numbers of different
 * counterparts at `distinctMost`: so a busy subject stays as small as any, and beyond that more says nothing new.
 *
 * count: attempts a with t - window <= a < t.
 * distinct: different counterparts of such attempts.
 * days: over redemptions of the UTC days from `days - 1` before that of t on, the sum of a figure, or the number of days
 * with any.
 * steps: redemptions of the last six steps of ten minutes, of which that of t is one: the last 50 to 60 minutes, exact
 * however many.
 * last: seconds since the newest redemption; null when that is longer ago than a subject is kept.
 */
import type { SubjectKind } from "./kinds.ts";

export const countMost = 32;
export const distinctMost = 24;
/** A subject of which nothing was heard for so long is forgotten; no measure looks further back. */
export const keptDays = 90;

const minute = 60_000;
const hour = 60 * minute;
export const dayMs = 24 * hour;
export const stepMs = 10 * minute;
export const stepsInWindow = 6;

/** ordered: an order that was paid for. undone: a redemption of which nothing is left. unknown: refused attempts with a code that does not exist. */
export type Counted = "redeemed" | "rejected" | "unknown" | "undone" | "attempted" | "ordered";
/** shopper: the customer, or of a guest the device, card or address. newcomer: of those, the newcomers. */
export type Counterpart = "shopper" | "newcomer" | "network";
/**
 * log_: by 1,000, in whole numbers, so that both sides add up to the same: of `log1p` of the minor units. firsts: by
 * customers of whom no other use of the campaign was known, as the redemption's event says.
 */
export type DaySum = "redemptions" | "log_amount" | "log_discount" | "firsts" | "active_days";

export type Measure = { readonly kind: SubjectKind } & (
  | { readonly how: "count"; readonly of: Counted; readonly windowMs: number }
  | { readonly how: "distinct"; readonly of: Counterpart; readonly windowMs: number }
  | { readonly how: "days"; readonly sum: DaySum; readonly days: number }
  | { readonly how: "steps" }
  | { readonly how: "last" }
);

const count = (kind: SubjectKind, of: Counted, windowMs: number) => ({ kind, how: "count", of, windowMs }) as const;
const distinct = (kind: SubjectKind, of: Counterpart, windowMs: number) =>
  ({ kind, how: "distinct", of, windowMs }) as const;
const days = (kind: SubjectKind, sum: DaySum, ofDays: number) => ({ kind, how: "days", sum, days: ofDays }) as const;

/** Four weeks: every weekday as often as any other. */
export const usualDays = 28;
const paceDays = 7;
/** That of the moment and the one before it: what is new does not end at midnight. */
const lateDays = 2;

export const measures = {
  customer_redeemed_hour: count("customer", "redeemed", hour),
  customer_redeemed_day: count("customer", "redeemed", dayMs),
  customer_redeemed_7d: count("customer", "redeemed", 7 * dayMs),
  customer_redeemed_90d: count("customer", "redeemed", 90 * dayMs),
  customer_ordered_28d: count("customer", "ordered", usualDays * dayMs),
  customer_rejected_hour: count("customer", "rejected", hour),
  customer_undone_30d: count("customer", "undone", 30 * dayMs),
  customer_undone_90d: count("customer", "undone", 90 * dayMs),
  customer_seconds_since_last: { kind: "customer", how: "last" },
  device_attempted_minute: count("device", "attempted", minute),
  device_redeemed_day: count("device", "redeemed", dayMs),
  device_rejected_hour: count("device", "rejected", hour),
  device_shoppers_90d: distinct("device", "shopper", 90 * dayMs),
  device_newcomers_day: distinct("device", "newcomer", dayMs),
  ip_attempted_minute: count("ip", "attempted", minute),
  ip_redeemed_hour: count("ip", "redeemed", hour),
  ip_rejected_hour: count("ip", "rejected", hour),
  ip_unknown_hour: count("ip", "unknown", hour),
  ip_shoppers_day: distinct("ip", "shopper", dayMs),
  network_unknown_hour: count("network", "unknown", hour),
  network_newcomers_day: distinct("network", "newcomer", dayMs),
  card_redeemed_day: count("card", "redeemed", dayMs),
  card_shoppers_90d: distinct("card", "shopper", 90 * dayMs),
  card_undone_90d: count("card", "undone", 90 * dayMs),
  address_redeemed_7d: count("address", "redeemed", 7 * dayMs),
  address_shoppers_90d: distinct("address", "shopper", 90 * dayMs),
  email_shape_newcomers_7d: distinct("email_shape", "newcomer", 7 * dayMs),
  code_shoppers_hour: distinct("code", "shopper", hour),
  code_newcomers_hour: distinct("code", "newcomer", hour),
  code_networks_day: distinct("code", "network", dayMs),
  code_steps: { kind: "code", how: "steps" },
  code_redemptions_7d: days("code", "redemptions", paceDays),
  code_active_days_7d: days("code", "active_days", paceDays),
  code_redemptions_2d: days("code", "redemptions", lateDays),
  code_active_days_2d: days("code", "active_days", lateDays),
  campaign_steps: { kind: "campaign", how: "steps" },
  campaign_redemptions_7d: days("campaign", "redemptions", paceDays),
  campaign_active_days_7d: days("campaign", "active_days", paceDays),
  campaign_redemptions_28d: days("campaign", "redemptions", usualDays),
  campaign_log_amount_28d: days("campaign", "log_amount", usualDays),
  campaign_log_discount_28d: days("campaign", "log_discount", usualDays),
  campaign_firsts_28d: days("campaign", "firsts", usualDays),
  habit_redeemed_28d: count("habit", "redeemed", usualDays * dayMs),
  project_redemptions_28d: days("project", "redemptions", usualDays),
  project_log_amount_28d: days("project", "log_amount", usualDays),
} as const satisfies Record<string, Measure>;

export type MeasureName = keyof typeof measures;
/** Null where the attempt has no subject of the kind. */
export type Readings = Readonly<Record<MeasureName, number | null>>;

export const measureNames = Object.keys(measures) as MeasureName[];

/** Of an attempt of which nothing is known. */
export const nothingKnown: Readings = Object.freeze(
  Object.fromEntries(measureNames.map((name) => [name, null])) as Record<MeasureName, null>,
);
