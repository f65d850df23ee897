-- Grain: a customer. The wide row behind Customer 360. A name under which an erased customer's orders are kept is not in it, whatever else comes of them.
-- Amounts are in the currency the customer pays most orders in; other currencies are left out, never added.
CREATE OR REPLACE VIEW {database}.customers {on_cluster}
(
  project_id String COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  name String COMMENT 'Name, when known',
  attributes String COMMENT 'Attributes, JSON',
  tags String COMMENT 'Category tags, JSON',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when the shop knows the customer',
  first_seen_at DateTime64(3, 'UTC') COMMENT 'First event; moves by rules of segments are none of these',
  last_seen_at DateTime64(3, 'UTC') COMMENT 'Newest event, as with first_seen_at',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  orders_count UInt64 COMMENT 'Paid orders, not cancelled or refunded since',
  orders_amount Int64 COMMENT 'What they were left to pay',
  average_order_amount Nullable(Float64) COMMENT 'orders_amount / orders_count in that currency',
  first_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'First of them',
  last_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest of them',
  recency_days Nullable(Int64) COMMENT 'Days from the newest of them until now',
  redemptions_count Int64 COMMENT 'Redemptions of which something still stands',
  discount_amount Int64 COMMENT 'What still stands of their discount',
  discounted_orders_share Nullable(Float64) COMMENT 'Share of orders_count with a redemption that still stands: dependence on discounts',
  rejections_count UInt64 COMMENT 'Rejected redemptions',
  validations_count UInt64 COMMENT 'Validations',
  published_count UInt64 COMMENT 'Vouchers given to the customer',
  favourite_category String COMMENT 'Category with the most units in paid orders; where a shop reports no orders, in redemptions',
  favourite_campaign_id String COMMENT 'Campaign with the most codes redeemed',
  risk_score_max Nullable(Float64) COMMENT 'Highest risk score of a redemption or rejection',
  flagged_count UInt64 COMMENT 'Redemptions and rejections flagged, held or refused for their risk',
  points_balance Int64 COMMENT 'Points of the account',
  points_earned Int64 COMMENT 'Points earned so far, less those taken back',
  favourite_categories Array(String) COMMENT 'The three categories with the most units, chosen as favourite_category, most first',
  favourite_campaign_ids Array(String) COMMENT 'The three campaigns with the most codes redeemed, most first',
  margin_amount Nullable(Int64) COMMENT 'What the lines of the paid orders left after discounts and what they cost the shop, without shipping; null when the cost of any line is unknown, or without orders',
  gift_card_balance_amount Int64 COMMENT 'What the customer''s gift cards hold and have not lost by expiry, as far as customer_vouchers tells, in the currency of the cards',
  open_vouchers_count UInt64 COMMENT 'Vouchers in hand that can still be used: see customer_vouchers',
  birthday String COMMENT 'YYYY-MM-DD; empty when not known',
  consent String COMMENT 'What the customer agreed to, by channel, JSON',
  metadata String COMMENT 'What the shop keeps of the customer besides, JSON'
)
AS
WITH
  activity AS
  (
    SELECT
      project_id,
      customer,
      argMaxIf(name, (recorded_at, event_id), type IN ('customer.created', 'customer.updated')) AS name,
      argMaxIf(payload, (recorded_at, event_id), type IN ('customer.created', 'customer.updated')) AS profile,
      maxIf(recorded_at, type = 'customer.erased') AS erased_at,
      -- As customers_changed_mark has it: what leaves no mark must not change the row.
      minIf(occurred_at, NOT (type IN ('segment.entered', 'segment.left') AND outcome = 'dynamic')) AS first_seen_at,
      maxIf(occurred_at, NOT (type IN ('segment.entered', 'segment.left') AND outcome = 'dynamic')) AS last_seen_at,
      -- Of whole rollbacks only: an `outcome` of 'part' leaves the redemption standing.
      toInt64(countIf(type = 'redemption.succeeded')) - toInt64(countIf(type = 'redemption.rolled_back' AND outcome != 'part'))
        AS redemptions,
      sumMapIf(map(toString(currency), if(type = 'redemption.succeeded', discount_amount, -discount_amount)),
        type IN ('redemption.succeeded', 'redemption.rolled_back')) AS discounts,
      sumMapIf(map(order_id, if(type = 'redemption.succeeded', 1, -1)),
        type = 'redemption.succeeded' OR (type = 'redemption.rolled_back' AND outcome != 'part')) AS standing,
      countIf(type = 'redemption.rejected') AS rejections,
      countIf(type = 'validation.performed') AS validations,
      countIf(type = 'voucher.published') AS published,
      sumMapIf(items.category, items.quantity, type = 'order.paid') AS units_paid,
      sumMapIf(items.category, items.quantity, type = 'redemption.succeeded') AS units_redeemed,
      if(empty(units_paid.1), units_redeemed, units_paid) AS units,
      sumMapIf(codes.campaign_id, arrayMap(c -> 1, codes.code), type = 'redemption.succeeded') AS campaigns_used,
      maxIf(risk_score, type IN ('redemption.succeeded', 'redemption.rejected')) AS risk_score_max,
      countIf(type IN ('redemption.succeeded', 'redemption.rejected') AND risk_action NOT IN ('', 'allow')) AS flagged,
      sumIf(changed_by, type = 'points.changed') AS points,
      sumIf(changed_by, type = 'points.changed' AND outcome IN ('earned', 'revoked')) AS earned
    FROM {database}.events
    WHERE customer != ''
    GROUP BY project_id, customer
  ),
  bought AS
  (
    SELECT
      project_id,
      customer,
      count() AS orders,
      groupArray(order_id) AS order_ids,
      groupUniqArray((last.1, last.9 IS NULL)) AS costs_known,
      sumMap(map(last.1, ifNull(last.9, 0))) AS margins,
      min(paid_at) AS first_order_at,
      max(paid_at) AS last_order_at,
      topK(1)(last.1)[1] AS main_currency,
      sumMap(map(last.1, last.5)) AS amounts,
      sumMap(map(last.1, 1)) AS counts
    FROM {database}.latest_orders
    WHERE status = 'paid'
    GROUP BY project_id, customer
  ),
  wallet AS
  (
    SELECT project_id, customer, sumIf(balance_amount, status = 'open') AS balance, countIf(status = 'open') AS open_vouchers
    FROM {database}.customer_vouchers
    GROUP BY project_id, customer
  )
SELECT
  a.project_id AS project_id,
  a.customer AS customer,
  a.name AS name,
  JSONExtractRaw(a.profile, 'profile', 'attributes') AS attributes,
  JSONExtractRaw(a.profile, 'profile', 'tags') AS tags,
  parseDateTime64BestEffortOrNull(JSONExtractString(a.profile, 'profile', 'created_at'), 3, 'UTC') AS created_at,
  a.first_seen_at AS first_seen_at,
  a.last_seen_at AS last_seen_at,
  if(ifNull(b.main_currency, '') != '', b.main_currency, ifNull(mapKeys(a.discounts)[1], '')) AS currency,
  ifNull(b.orders, 0) AS orders_count,
  ifNull(b.amounts[currency], 0) AS orders_amount,
  if(b.counts[currency] > 0, orders_amount / b.counts[currency], NULL) AS average_order_amount,
  if(orders_count > 0, b.first_order_at, NULL) AS first_order_at,
  if(orders_count > 0, b.last_order_at, NULL) AS last_order_at,
  if(orders_count > 0, dateDiff('day', b.last_order_at, now64(3)), NULL) AS recency_days,
  a.redemptions AS redemptions_count,
  a.discounts[currency] AS discount_amount,
  if(orders_count > 0, arrayCount(id -> a.standing[id] > 0, b.order_ids) / orders_count, NULL) AS discounted_orders_share,
  a.rejections AS rejections_count,
  a.validations AS validations_count,
  a.published AS published_count,
  favourite_categories[1] AS favourite_category,
  favourite_campaign_ids[1] AS favourite_campaign_id,
  a.risk_score_max AS risk_score_max,
  a.flagged AS flagged_count,
  a.points AS points_balance,
  a.earned AS points_earned,
  -- Equal favourites by name, so that they do not change places from read to read.
  arraySlice(arrayMap(f -> f.2, arraySort(arrayFilter(f -> f.2 != '', arrayMap((name, units) -> (-units, name), a.units.1, a.units.2)))), 1, 3)
    AS favourite_categories,
  arraySlice(arrayMap(f -> f.2, arraySort(arrayFilter(f -> f.2 != '',
    arrayMap((id, times) -> (-toInt64(times), id), a.campaigns_used.1, a.campaigns_used.2)))), 1, 3) AS favourite_campaign_ids,
  if(orders_count > 0 AND NOT has(b.costs_known, (currency, 1)), b.margins[currency], NULL) AS margin_amount,
  ifNull(w.balance, 0) AS gift_card_balance_amount,
  ifNull(w.open_vouchers, 0) AS open_vouchers_count,
  JSONExtractString(a.profile, 'profile', 'birthday') AS birthday,
  JSONExtractRaw(a.profile, 'profile', 'consent') AS consent,
  JSONExtractRaw(a.profile, 'profile', 'metadata') AS metadata
FROM activity AS a
LEFT JOIN bought AS b ON b.project_id = a.project_id AND b.customer = a.customer
LEFT JOIN wallet AS w ON w.project_id = a.project_id AND w.customer = a.customer
WHERE a.erased_at = toDateTime64(0, 6, 'UTC');
