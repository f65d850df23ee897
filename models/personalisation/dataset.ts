/**
 * What the personalisation model learns from: offers that customers had, what was known strictly before, and whether they
 * redeemed. Two kinds of examples: the first publication of a campaign to a customer, and an offer that `POST /v1/offers`
 * served in one of the first places or that the shop reported shown, the first of a customer, campaign and day.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { personalisationFeatures } from "../features/personalisation.ts";
import { type Example, readExamples } from "../training/examples.ts";

/** A redemption counts until the campaign ends, and no longer than so many days after a publication … */
const labelDays = 90;
/** … or after the offer was served: what was seen beside a basket is used soon or not for its sake. */
const servedLabelDays = 7;

/** Whoever scrolls that far down is not known; the shop's word that it was shown is. */
const servedRanksMax = 3;

const day = 86_400_000;

/**
 * The columns are the fields of `OfferInput`, with `at_ms`, `label`, `customer`, `campaign_id` and `tie`.
 *
 * Every frame ends one millisecond before the moment, so that nothing of the moment itself leaks in: a batch that
 * publishes ten codes at once gives none of them the other nine. A rollback takes back what its redemption added, from
 * the moment it happened; one that leaves something takes back the discount of that part only. What applied without a
 * code is a use of its campaigns, but no offer that the customer redeemed. Rows whose label cannot be known yet, because
 * the window reaches beyond the last order or redemption seen, are left out, redeemed or not: keeping the redeemed ones
 * would teach too high a rate.
 *
 * @param wanted which of what happened is an example: the end of the query, from its WHERE on
 * @param more a further UNION ALL of `movement`: moments at which nothing happened, with 1 in their last count
 */
export function situationsSql(wanted: string, more = ""): string {
  return `
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
         argMax(JSONExtractString(payload, 'campaign', 'template'), (outbox_xid, outbox_seq)) AS template,
         argMax(parseDateTime64BestEffortOrNull(JSONExtractString(payload, 'campaign', 'ends_at'), 3, 'UTC'),
                (outbox_xid, outbox_seq)) AS ends_at
  FROM events
  WHERE project_id = {project:String}
    AND type IN ('campaign.created', 'campaign.updated', 'campaign.status_changed')
  GROUP BY campaign_id
),
shown AS (
  SELECT subject_id AS decision_id, campaign_id
  FROM events
  WHERE project_id = {project:String} AND type = 'offer.outcome' AND outcome = 'shown'
  GROUP BY decision_id, campaign_id
),
-- One row for each thing that happened and each campaign it touched; what it is counts 1 in its column.
movement AS (
  SELECT customer, toUnixTimestamp64Milli(occurred_at) AS at_ms, '' AS campaign_id, toInt64(1) AS orders, amount,
         toInt64(0) AS publications, toInt64(0) AS redemptions, toInt64(0) AS discount, 1 AS by_code,
         toInt64(0) AS made, toInt64(0) AS made_amount, toInt64(0) AS made_discount, toInt64(0) AS served,
         '' AS decision_id, toInt64(0) AS rank, toInt64(0) AS assigned,
         CAST(NULL, 'Nullable(Int64)') AS basket_amount, CAST(NULL, 'Nullable(Int64)') AS basket_discount_amount,
         CAST([], 'Array(String)') AS basket_categories
  FROM events
  WHERE project_id = {project:String} AND type = 'order.paid'
  UNION ALL
  SELECT customer, toUnixTimestamp64Milli(occurred_at), campaign_id, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, '', 0, 0, NULL, NULL, []
  FROM events
  WHERE project_id = {project:String} AND type = 'voucher.published'
  UNION ALL
  SELECT customer, toUnixTimestamp64Milli(occurred_at), codes.campaign_id, 0, 0, 0,
         multiIf(type = 'redemption.succeeded', 1, outcome = 'part', 0, -1),
         if(type = 'redemption.succeeded', 1, -1) * codes.discount_amount, codes.code != '',
         (type = 'redemption.succeeded' AND place = 1) AS is_made, if(is_made, amount, 0), if(is_made, discount_amount, 0),
         0, '', 0, 0, NULL, NULL, []
  FROM events ARRAY JOIN codes, arrayEnumerate(codes.code) AS place
  WHERE project_id = {project:String} AND type IN ('redemption.succeeded', 'redemption.rolled_back')
  UNION ALL
  SELECT customer, toUnixTimestamp64Milli(occurred_at), JSONExtractString(offer, 'campaign_id'), 0, 0, 0, 0, 0, 1, 0, 0, 0,
         1, subject_id, JSONExtractInt(offer, 'rank'), 0,
         JSONExtract(payload, 'situation', 'amount', 'Nullable(Int64)') AS basket,
         if(basket IS NULL, NULL, JSONExtractInt(offer, 'discount_amount')),
         JSONExtract(payload, 'situation', 'categories', 'Array(String)')
  FROM events ARRAY JOIN JSONExtractArrayRaw(payload, 'offers') AS offer
  WHERE project_id = {project:String} AND type = 'offer.served'
  ${more}
),
history AS (
  SELECT movement.*, family.main_id AS main_id, family.template AS template, family.ends_at AS ends_at,
         sum(orders) OVER customer_past AS orders_count,
         sum(amount) OVER customer_past AS orders_amount,
         maxIf(at_ms, orders > 0) OVER customer_past AS last_order_ms,
         sum(publications) OVER customer_past AS publications_count,
         sumIf(redemptions, by_code) OVER customer_past AS redemptions_count,
         sumIf(discount, by_code) OVER customer_past AS redemptions_discount_amount,
         maxIf(at_ms, redemptions > 0) OVER customer_past AS last_redemption_ms,
         sum(made) OVER customer_past AS redemptions_made_count,
         sum(made_amount) OVER customer_past AS redeemed_orders_amount,
         sum(made_discount) OVER customer_past AS redeemed_discount_amount,
         sum(publications) OVER customer_main_past AS customer_main_publications_count,
         sum(redemptions) OVER customer_main_past AS customer_main_redemptions_count,
         maxIf(at_ms, publications > 0) OVER customer_campaign_past AS last_publication_ms,
         sum(publications) OVER campaign_past AS campaign_publications_count,
         sum(redemptions) OVER campaign_past AS campaign_redemptions_count,
         sum(discount) OVER campaign_past AS campaign_discount_amount,
         sum(publications) OVER main_past AS main_publications_count,
         sum(redemptions) OVER main_past AS main_redemptions_count,
         sum(publications) OVER template_past AS template_publications_count,
         sum(redemptions) OVER template_past AS template_redemptions_count,
         sum(publications) OVER project_past AS project_publications_count,
         sum(redemptions) OVER project_past AS project_redemptions_count
  FROM movement
  LEFT JOIN family ON family.campaign_id = movement.campaign_id
  WINDOW
    customer_past AS (PARTITION BY customer ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    customer_main_past AS (PARTITION BY customer, main_id ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    customer_campaign_past AS (PARTITION BY customer, movement.campaign_id ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    campaign_past AS (PARTITION BY movement.campaign_id ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    main_past AS (PARTITION BY main_id ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    template_past AS (PARTITION BY template ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    project_past AS (ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
-- When customers did what windows of days count: the frame of a window function may not reach that far in milliseconds.
times AS (
  SELECT customer,
         groupArrayIf(toUnixTimestamp64Milli(occurred_at), type = 'order.paid') AS orders,
         groupArrayIf(toUnixTimestamp64Milli(occurred_at), type = 'redemption.succeeded') AS redemptions,
         groupArrayIf((toUnixTimestamp64Milli(occurred_at), arrayDistinct(arrayFlatten(items.categories))), type = 'order.paid')
           AS bought
  FROM events
  WHERE project_id = {project:String} AND type IN ('order.paid', 'redemption.succeeded') AND customer != ''
  GROUP BY customer
),
servings AS (
  SELECT customer, campaign_id, groupArray(at_ms) AS times FROM movement WHERE served = 1 GROUP BY customer, campaign_id
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
  history.served = 1 AS is_served,
  (history.customer, history.campaign_id, history.decision_id) AS tie,
  history.at_ms + if(is_served, {served_label_ms:Int64}, {label_ms:Int64}) AS latest_ms,
  least(ifNull(toUnixTimestamp64Milli(history.ends_at), latest_ms), latest_ms) AS label_until_ms,
  arrayExists(time -> time >= history.at_ms AND time < label_until_ms, redeemed.times) AS label,
  if(profile.customer = '', null, greatest(0, history.at_ms - toUnixTimestamp64Milli(profile.created_at)) / 1000)
    AS tenure_seconds,
  orders_count, orders_amount,
  arrayCount(time -> time >= history.at_ms - ${90 * day} AND time < history.at_ms, times.orders) AS orders90d_count,
  if(last_order_ms = 0, null, (history.at_ms - last_order_ms) / 1000) AS seconds_since_last_order,
  publications_count, redemptions_count, redemptions_discount_amount,
  if(last_redemption_ms = 0, null, (history.at_ms - last_redemption_ms) / 1000) AS seconds_since_last_redemption,
  redemptions_made_count,
  arrayCount(time -> time >= history.at_ms - ${90 * day} AND time < history.at_ms, times.redemptions)
    AS redemptions_made90d_count,
  redeemed_orders_amount, redeemed_discount_amount,
  customer_main_publications_count, customer_main_redemptions_count,
  campaign_publications_count, campaign_redemptions_count, campaign_discount_amount,
  main_publications_count, main_redemptions_count,
  template_publications_count, template_redemptions_count, project_publications_count, project_redemptions_count,
  if(history.ends_at IS NULL, null, greatest(0, toUnixTimestamp64Milli(history.ends_at) - history.at_ms) / 1000)
    AS seconds_until_end,
  history.template AS template,
  multiIf(NOT is_served, 0, last_publication_ms = 0, null, (history.at_ms - last_publication_ms) / 1000)
    AS seconds_since_publication,
  least(50, arrayCount(time -> time >= history.at_ms - ${30 * day} AND time < history.at_ms, servings.times)) AS served30d_count,
  history.basket_amount AS basket_amount, history.basket_discount_amount AS basket_discount_amount,
  length(history.basket_categories) AS basket_categories_count,
  length(arrayIntersect(history.basket_categories, arrayFlatten(arrayMap(each -> each.2,
    arrayFilter(each -> each.1 >= history.at_ms - ${180 * day} AND each.1 < history.at_ms, times.bought)))))
    AS basket_categories_known_count,
  if(is_served, toHour(fromUnixTimestamp64Milli(history.at_ms, 'UTC')), null) AS hour,
  if(is_served, toDayOfWeek(fromUnixTimestamp64Milli(history.at_ms, 'UTC')) % 7, null) AS weekday
FROM history
LEFT JOIN profile ON profile.customer = history.customer
LEFT JOIN redeemed ON redeemed.customer = history.customer AND redeemed.campaign_id = history.campaign_id
LEFT JOIN times ON times.customer = history.customer
LEFT JOIN servings ON servings.customer = history.customer AND servings.campaign_id = history.campaign_id
WHERE ${wanted}`;
}

/** Publications and served offers. */
export const offerSituations = situationsSql(
  `history.customer != ''
  AND (history.publications = 1 OR (history.served = 1
    AND (history.rank <= {served_ranks:UInt16} OR (history.decision_id, history.campaign_id) IN (SELECT decision_id, campaign_id FROM shown))))
  AND (label_until_ms <= (SELECT until_ms FROM seen) OR {unripe:UInt8} = 1)
ORDER BY at_ms, customer, campaign_id, decision_id
LIMIT 1 BY customer, campaign_id, if(is_served, toYYYYMMDD(fromUnixTimestamp64Milli(at_ms, 'UTC')), 0)`,
);

export function situationParameters(projectId: string, unripe: boolean) {
  return {
    project: projectId,
    label_ms: labelDays * day,
    served_label_ms: servedLabelDays * day,
    served_ranks: servedRanksMax,
    unripe: unripe ? 1 : 0,
  };
}

export function readOfferExamples(warehouse: ClickHouseClient, projectId: string): Promise<Example[]> {
  return readExamples(warehouse, personalisationFeatures, offerSituations, situationParameters(projectId, false));
}
