/**
 * One customer's history out of the warehouse, in one read of their range of `events_raw`.
 *
 * The range begins the sort key (project, customer), yet it lies in as many parts as there are months, and each column
 * of each part costs an access. So everything is asked in one statement, which names the columns it needs, and copies
 * of an event are dropped after the filter (`LIMIT 1 BY event_id`: copies are equal) instead of by FINAL, which would
 * read all columns before it. The figures mean what the marts `customers`, `orders`, `redemptions` and `rejections`
 * say of the same customer; test/warehouse/three-sixty.test.ts holds them together.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { favouritesMax, recentMax } from "./schema.ts";

/** What a person who reads a history wants to see; offers that were ranked and baskets that were tried are left out. */
const timelineTypes = [
  "customer.created",
  "order.created",
  "order.paid",
  "order.cancelled",
  "order.refunded",
  "redemption.succeeded",
  "redemption.rolled_back",
  "redemption.rejected",
  "voucher.published",
  "voucher.assigned",
  "points.changed",
  "gift_card.credited",
  "reward.issued",
  "custom.recorded",
  "segment.entered",
  "segment.left",
  "offer.outcome",
] as const;

const columns = `
  type, event_id, occurred_at, recorded_at, order_id, subject_id, redemption_id, campaign_id, name, outcome, currency,
  channel, store_id, amount, shipping_amount, discount_amount, total_amount, changed_by, risk_score, risk_action,
  codes.code, codes.campaign_id, items.category, items.quantity, items.discount_amount, items.unit_cost_amount, reasons.key`;

/** Newest first by being negative: the arrays below sort from the smallest. */
const newest = "-toUnixTimestamp64Milli(occurred_at)";

/** A timeline entry, as both queries make it. Names of customers stay out: a custom event has one, a profile another. */
const entry = `(
  ${newest}, event_id, toString(type), subject_id, order_id, if(type = 'customer.created', '', name), codes.code,
  if(campaign_id != '', [campaign_id], arrayDistinct(arrayFilter(id -> id != '', codes.campaign_id))),
  arrayDistinct(reasons.key),
  multiIf(is_order, total_amount, redeemed OR returned, discount_amount, refused, amount, type = 'gift_card.credited', changed_by, NULL),
  if(type = 'points.changed', changed_by, NULL), toString(currency), toString(outcome))`;

const kinds = `
  type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded') AS is_order,
  type = 'redemption.succeeded' AS redeemed,
  type = 'redemption.rolled_back' AS returned,
  type = 'redemption.rejected' AS refused`;

const rows = `
  SELECT ${columns}
  FROM events_raw
  WHERE project_id = {project: String} AND customer = {customer: String}
  LIMIT 1 BY event_id`;

/** By order first: what is said of an order, what was redeemed on it and what was refused meet there. */
const historySql = `
  WITH
    ${kinds},
    toUnixTimestamp64Milli(occurred_at) AS ms
  SELECT
    sum(o.events) AS events_count,
    min(o.first_seen) AS first_seen_at,
    max(o.last_seen) AS last_seen_at,
    countIf(o.paid) AS orders_count,
    sumMapIf(map(o.last.2, 1), o.paid) AS orders_by_currency,
    sumMapIf(map(o.last.2, o.last.5), o.paid) AS amounts,
    sumMapIf(map(o.last.2, o.last.9), o.paid) AS margins,
    sumMapIf(map(o.last.2, toUInt64(o.last.10)), o.paid) AS unknown_costs,
    if(orders_count > 0, minIf(o.paid_at, o.paid), NULL) AS first_order_at,
    if(orders_count > 0, maxIf(o.paid_at, o.paid), NULL) AS last_order_at,
    if(orders_count > 0, dateDiff('day', last_order_at, now64(3)), NULL) AS recency_days,
    countIf(o.paid AND o.standing > 0) AS discounted_orders,
    sum(o.standing) AS redemptions_count,
    sumMap(o.discounts) AS discounts_by_currency,
    sum(o.rejected) AS rejections_count,
    sumMap(o.lost) AS lost_by_currency,
    sum(o.validations) AS validations_count,
    sum(o.published) AS published_count,
    sum(o.earned) AS points_earned,
    max(o.risk_max) AS risk_score_max,
    sum(o.flags) AS flagged_count,
    sumMap(o.units_paid.1, o.units_paid.2) AS paid_units,
    sumMap(o.units_redeemed.1, o.units_redeemed.2) AS redeemed_units,
    if(empty(paid_units.1), redeemed_units, paid_units) AS units,
    arraySlice(arraySort(entry -> (-entry.2, entry.1), arrayFilter(entry -> entry.1 != '', arrayZip(units.1, units.2))), 1, ${favouritesMax}) AS categories,
    sumMap(o.used.1, o.used.2) AS used_campaigns,
    arraySlice(arraySort(entry -> (-entry.2, entry.1), arrayFilter(entry -> entry.1 != '', arrayZip(used_campaigns.1, used_campaigns.2))), 1, ${favouritesMax}) AS campaigns,
    arraySlice(arraySort(groupArrayIf((
      -toUnixTimestamp64Milli(o.updated), o.order_id, o.last.1, o.last.2, o.last.3, o.last.4, o.last.5, o.last.6, o.last.7,
      o.last.8, toUnixTimestamp64Milli(o.first_report), if(o.paid_at IS NULL, NULL, toUnixTimestamp64Milli(o.paid_at))),
      o.reports > 0)), 1, ${recentMax}) AS recent_orders,
    arraySlice(arraySort(groupArrayArray(o.redemptions)), 1, ${recentMax}) AS recent_redemptions,
    arrayFilter(given -> has(arrayMap(taken -> taken.2, recent_redemptions), given.1), groupArrayArray(o.rollbacks)) AS recent_rollbacks,
    arraySlice(arraySort(groupArrayArray(o.rejections)), 1, ${recentMax}) AS recent_rejections,
    arraySlice(arraySort(groupArrayArray(o.entries)), 1, {entries: UInt32}) AS timeline
  FROM
  (
    SELECT
      order_id,
      count() AS events, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen,
      countIf(is_order) AS reports,
      argMaxIf((
          replaceOne(toString(type), 'order.', ''), toString(currency), amount, discount_amount, total_amount, arraySum(items.quantity),
          toString(channel), toString(store_id),
          total_amount - greatest(0, shipping_amount - (discount_amount - arraySum(items.discount_amount)))
            - arraySum((quantity, cost) -> quantity * ifNull(cost, 0), items.quantity, items.unit_cost_amount),
          has(items.unit_cost_amount, NULL)),
        (recorded_at, event_id), is_order) AS last,
      reports > 0 AND last.1 = 'paid' AS paid,
      minIf(occurred_at, is_order) AS first_report, maxIf(occurred_at, is_order) AS updated,
      minOrNullIf(occurred_at, type = 'order.paid') AS paid_at,
      toInt64(countIf(redeemed)) - toInt64(countIf(returned AND outcome != 'part')) AS standing,
      sumMapIf(map(toString(currency), if(redeemed, discount_amount, -discount_amount)), redeemed OR returned) AS discounts,
      countIf(refused) AS rejected,
      maxIf(ms, type = 'order.paid' OR redeemed) AS bought_at,
      arrayReduce('sumMap', arrayMap(r -> if(order_id != '' AND bought_at >= r.1, map(), map(r.2, r.3)),
        groupArrayIf((ms, toString(currency), amount), refused))) AS lost,
      countIf(type = 'validation.performed') AS validations,
      countIf(type = 'voucher.published') AS published,
      sumIf(changed_by, type = 'points.changed' AND outcome IN ('earned', 'revoked')) AS earned,
      maxIf(risk_score, redeemed OR refused) AS risk_max,
      countIf(risk_action = 'flag') AS flags,
      sumMapIf(items.category, items.quantity, type = 'order.paid') AS units_paid,
      sumMapIf(items.category, items.quantity, redeemed) AS units_redeemed,
      sumMapIf(codes.campaign_id, arrayMap(code -> 1, codes.code), redeemed) AS used,
      groupArrayIf((-ms, redemption_id, order_id, codes.code, codes.campaign_id, toString(currency), discount_amount), redeemed) AS redemptions,
      groupArrayIf((redemption_id, discount_amount, outcome != 'part'), returned) AS rollbacks,
      arrayMap(r -> tupleConcat(r, tuple(order_id != '' AND bought_at >= -r.1)), groupArrayIf((-ms, subject_id, order_id, codes.code, arrayDistinct(reasons.key), toString(currency), amount), refused)) AS rejections,
      groupArrayIf(${entry}, type IN {types: Array(String)}) AS entries
    FROM (${rows})
    GROUP BY order_id
  ) AS o`;

/** Older pages of the timeline, from the key of the last entry seen. */
const olderSql = `
  WITH ${kinds}
  SELECT arraySlice(arraySort(groupArray(${entry})), 1, {entries: UInt32}) AS timeline
  FROM (${rows})
  WHERE type IN {types: Array(String)} AND (${newest}, event_id) > ({at: Int64}, {id: String})`;

const ms = z.number();
const text = z.string();
const byCurrency = z.record(text, z.number());

const timelineTuple = z.tuple([
  z.number(),
  text,
  text,
  text,
  text,
  text,
  z.array(text),
  z.array(text),
  z.array(text),
  z.number().nullable(),
  z.number().nullable(),
  text,
  text,
]);
export type TimelineTuple = z.output<typeof timelineTuple>;

const historyRow = z.object({
  events_count: z.int(),
  first_seen_at: text,
  last_seen_at: text,
  orders_count: z.int(),
  orders_by_currency: byCurrency,
  amounts: byCurrency,
  margins: byCurrency,
  unknown_costs: byCurrency,
  first_order_at: text.nullable(),
  last_order_at: text.nullable(),
  recency_days: z.int().nullable(),
  discounted_orders: z.int(),
  redemptions_count: z.int(),
  discounts_by_currency: byCurrency,
  rejections_count: z.int(),
  lost_by_currency: byCurrency,
  validations_count: z.int(),
  published_count: z.int(),
  points_earned: z.int(),
  risk_score_max: z.number().nullable(),
  flagged_count: z.int(),
  categories: z.array(z.tuple([text, z.int()])),
  campaigns: z.array(z.tuple([text, z.int()])),
  recent_orders: z.array(
    z.tuple([
      ms,
      text,
      z.enum(["created", "paid", "cancelled", "refunded"]),
      text,
      z.int(),
      z.int(),
      z.int(),
      z.int(),
      text,
      text,
      ms,
      ms.nullable(),
    ]),
  ),
  recent_redemptions: z.array(z.tuple([ms, text, text, z.array(text), z.array(text), text, z.int()])),
  recent_rollbacks: z.array(z.tuple([text, z.int(), z.coerce.boolean()])),
  recent_rejections: z.array(
    z.tuple([ms, text, text, z.array(text), z.array(text), text, z.int(), z.coerce.boolean()]),
  ),
  timeline: z.array(timelineTuple),
});
export type History = z.output<typeof historyRow>;

const settings = {
  max_execution_time: 10,
  max_memory_usage: "2000000000",
  date_time_output_format: "iso",
  output_format_json_quote_64bit_integers: 0,
  // A customer has a few rows in each part: larger buffers would be read for nothing.
  max_read_buffer_size_local_fs: "16384",
} as const;

/** Undefined when the warehouse has never heard of them. `entries` of the timeline at most. */
export async function readHistory(
  warehouse: ClickHouseClient,
  projectId: string,
  customer: string,
  entries: number,
): Promise<History | undefined> {
  const result = await warehouse.query({
    query: historySql,
    query_params: { project: projectId, customer, entries, types: timelineTypes },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const [row] = await result.json();
  const history = historyRow.parse(row);
  return history.events_count === 0 ? undefined : history;
}

export async function readOlder(
  warehouse: ClickHouseClient,
  projectId: string,
  customer: string,
  entries: number,
  after: { readonly at: number; readonly id: string },
): Promise<TimelineTuple[]> {
  const result = await warehouse.query({
    query: olderSql,
    query_params: { project: projectId, customer, entries, types: timelineTypes, at: after.at, id: after.id },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const [row] = await result.json();
  return z.object({ timeline: z.array(timelineTuple) }).parse(row).timeline;
}
