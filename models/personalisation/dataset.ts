/**
 * One example a customer and campaign: the moment of the first publication, what was known strictly before it, and
 * whether the customer redeemed any code of the campaign afterwards.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { personalisationFeatures } from "../features/personalisation.ts";
import { type Example, readExamples } from "../training/examples.ts";

/** A redemption counts until the campaign ends, and no longer than so many days. */
const labelDays = 90;

/**
 * The columns are the fields of `OfferInput`, with `at_ms`, `label`, `customer`, `campaign_id` and `tie`.
 *
 * Every frame ends one millisecond before the moment, so that nothing of the moment itself leaks in: a batch that
 * publishes ten codes at once gives none of them the other nine. A rollback takes back what its redemption added, from
 * the moment it happened; one that leaves something takes back the discount of that part only. What applied without a
 * code is a use of its campaigns, but no offer that the customer redeemed. Rows whose label cannot be known yet, because
 * the window reaches beyond the last order or redemption seen, are left out, redeemed or not: keeping the redeemed ones
 * would teach too high a rate.
 */
export const offerSituations = `
WITH
profile AS (
  SELECT customer,
         argMax(parseDateTime64BestEffort(JSONExtractString(payload, 'profile', 'created_at'), 3, 'UTC'),
                (outbox_xid, outbox_seq)) AS created_at
  FROM events
  WHERE project_id = {project:String} AND type IN ('customer.created', 'customer.updated')
  GROUP BY customer
),
family AS (
  SELECT campaign_id,
         argMax(JSONExtractString(payload, 'campaign', 'parent_id'), (outbox_xid, outbox_seq)) AS main_id,
         argMax(parseDateTime64BestEffortOrNull(JSONExtractString(payload, 'campaign', 'ends_at'), 3, 'UTC'),
                (outbox_xid, outbox_seq)) AS ends_at
  FROM events
  WHERE project_id = {project:String}
    AND type IN ('campaign.created', 'campaign.updated', 'campaign.status_changed')
  GROUP BY campaign_id
),
movement AS (
  SELECT customer, toUnixTimestamp64Milli(occurred_at) AS at_ms, '' AS campaign_id, toInt64(1) AS orders, amount,
         toInt64(0) AS publications, toInt64(0) AS redemptions, toInt64(0) AS discount, 1 AS by_code
  FROM events
  WHERE project_id = {project:String} AND type = 'order.paid'
  UNION ALL
  SELECT customer, toUnixTimestamp64Milli(occurred_at), campaign_id, 0, 0, 1, 0, 0, 1
  FROM events
  WHERE project_id = {project:String} AND type = 'voucher.published'
  UNION ALL
  SELECT customer, toUnixTimestamp64Milli(occurred_at), codes.campaign_id, 0, 0, 0,
         multiIf(type = 'redemption.succeeded', 1, outcome = 'part', 0, -1),
         if(type = 'redemption.succeeded', 1, -1) * codes.discount_amount, codes.code != ''
  FROM events ARRAY JOIN codes
  WHERE project_id = {project:String} AND type IN ('redemption.succeeded', 'redemption.rolled_back')
),
history AS (
  SELECT movement.*, family.main_id AS main_id,
         sum(orders) OVER customer_past AS orders_count,
         sum(amount) OVER customer_past AS orders_amount,
         maxIf(at_ms, orders > 0) OVER customer_past AS last_order_ms,
         sum(publications) OVER customer_past AS publications_count,
         sumIf(redemptions, by_code) OVER customer_past AS redemptions_count,
         sumIf(discount, by_code) OVER customer_past AS redemptions_discount_amount,
         maxIf(at_ms, redemptions > 0) OVER customer_past AS last_redemption_ms,
         sum(publications) OVER customer_main_past AS customer_main_publications_count,
         sum(redemptions) OVER customer_main_past AS customer_main_redemptions_count,
         sum(publications) OVER campaign_past AS campaign_publications_count,
         sum(redemptions) OVER campaign_past AS campaign_redemptions_count,
         sum(discount) OVER campaign_past AS campaign_discount_amount,
         sum(publications) OVER main_past AS main_publications_count,
         sum(redemptions) OVER main_past AS main_redemptions_count
  FROM movement
  LEFT JOIN family ON family.campaign_id = movement.campaign_id
  WINDOW
    customer_past AS (PARTITION BY customer ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    customer_main_past AS (PARTITION BY customer, main_id ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    campaign_past AS (PARTITION BY campaign_id ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    main_past AS (PARTITION BY main_id ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
redeemed AS (
  SELECT customer, used.campaign_id AS campaign_id, groupArray(used.at_ms) AS times
  FROM (
    SELECT customer, redemption_id, codes.campaign_id AS campaign_id, toUnixTimestamp64Milli(occurred_at) AS at_ms
    FROM events ARRAY JOIN codes
    WHERE project_id = {project:String} AND type = 'redemption.succeeded'
  ) AS used
  WHERE used.redemption_id NOT IN (
    SELECT redemption_id FROM events
    WHERE project_id = {project:String} AND type = 'redemption.rolled_back' AND outcome != 'part')
  GROUP BY customer, campaign_id
),
seen AS (
  SELECT toUnixTimestamp64Milli(max(occurred_at)) AS until_ms
  FROM events
  WHERE project_id = {project:String} AND type IN ('order.paid', 'redemption.succeeded')
)
SELECT
  history.at_ms AS at_ms, history.customer AS customer, history.campaign_id AS campaign_id,
  (history.customer, history.campaign_id) AS tie,
  least(ifNull(toUnixTimestamp64Milli(family.ends_at), history.at_ms + {label_ms:Int64}),
        history.at_ms + {label_ms:Int64}) AS label_until_ms,
  arrayExists(time -> time >= history.at_ms AND time < label_until_ms, redeemed.times) AS label,
  if(profile.customer = '', null, greatest(0, history.at_ms - toUnixTimestamp64Milli(profile.created_at)) / 1000)
    AS tenure_seconds,
  orders_count, orders_amount,
  if(last_order_ms = 0, null, (history.at_ms - last_order_ms) / 1000) AS seconds_since_last_order,
  publications_count, redemptions_count, redemptions_discount_amount,
  if(last_redemption_ms = 0, null, (history.at_ms - last_redemption_ms) / 1000) AS seconds_since_last_redemption,
  customer_main_publications_count, customer_main_redemptions_count,
  campaign_publications_count, campaign_redemptions_count, campaign_discount_amount,
  main_publications_count, main_redemptions_count,
  if(family.ends_at IS NULL, null, greatest(0, toUnixTimestamp64Milli(family.ends_at) - history.at_ms) / 1000)
    AS seconds_until_end
FROM history
LEFT JOIN profile ON profile.customer = history.customer
LEFT JOIN family ON family.campaign_id = history.campaign_id
LEFT JOIN redeemed ON redeemed.customer = history.customer AND redeemed.campaign_id = history.campaign_id
WHERE history.publications = 1 AND history.customer != ''
  AND (label_until_ms <= (SELECT until_ms FROM seen) OR {unripe:UInt8} = 1)
ORDER BY at_ms, customer, campaign_id
LIMIT 1 BY customer, campaign_id`;

export function situationParameters(projectId: string, unripe: boolean) {
  return { project: projectId, label_ms: labelDays * 86_400_000, unripe: unripe ? 1 : 0 };
}

export function readOfferExamples(warehouse: ClickHouseClient, projectId: string): Promise<Example[]> {
  return readExamples(warehouse, personalisationFeatures, offerSituations, situationParameters(projectId, false));
}
