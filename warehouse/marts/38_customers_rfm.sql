-- Grain: a customer. The wide row, for lists, searches and segments of many: as of `refreshed_at`, some seconds to a
-- minute behind `customers`, which is live and is read for a single customer.
--
-- Recency, frequency and monetary value are scored here, while reading, from 1 (the lowest fifth) to 5, so that all
-- customers are scored against the same bounds at any time: a score is 1 + the whole fifths of all customers who are
-- below. Equal customers have equal scores, which is why fifths need not be equally full. Recency and frequency are
-- compared within the project, value with customers of the same currency only.
CREATE OR REPLACE VIEW {database}.customers_rfm {on_cluster}
(
  project_id String COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  name String COMMENT 'Name, when known',
  attributes String COMMENT 'Attributes, JSON',
  tags String COMMENT 'Category tags, JSON',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when the shop knows the customer',
  first_seen_at DateTime64(3, 'UTC') COMMENT 'First event',
  last_seen_at DateTime64(3, 'UTC') COMMENT 'Newest event',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  orders_count UInt64 COMMENT 'Paid orders, not cancelled or refunded since',
  orders_amount Int64 COMMENT 'What they were left to pay',
  average_order_amount Nullable(Float64) COMMENT 'Mean of one of them',
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
  favourite_categories Array(String) COMMENT 'The three of them with the most units, most first',
  favourite_campaign_id String COMMENT 'Campaign with the most codes redeemed',
  favourite_campaign_ids Array(String) COMMENT 'The three campaigns with the most codes redeemed, most first',
  margin_amount Nullable(Int64) COMMENT 'What the paid orders left after discounts and the cost of the goods, without shipping; null where any cost is unknown',
  gift_card_balance_amount Int64 COMMENT 'What the customer''s gift cards hold, as far as events tell',
  open_vouchers_count UInt64 COMMENT 'Vouchers in hand that can still be used',
  risk_score_max Nullable(Float64) COMMENT 'Highest risk score of a redemption or rejection',
  flagged_count UInt64 COMMENT 'Redemptions and rejections flagged',
  points_balance Int64 COMMENT 'Points of the account',
  points_earned Int64 COMMENT 'Points earned so far, less those taken back',
  is_new UInt8 COMMENT '1 for a customer with exactly one paid order',
  rfm_recency UInt8 COMMENT '5: bought most recently … 1; 0 without orders',
  rfm_frequency UInt8 COMMENT '5: most orders … 1; 0 without orders',
  rfm_monetary UInt8 COMMENT '5: highest value, among customers of the same currency … 1; 0 without orders',
  rfm_segment String COMMENT 'champions (R 4–5, F 4–5), loyal (R 3–5, F 3–5), new (R 4–5, one order), promising (R 3–5, the others), at risk (R 1–2, F 3–5), lost (R 1–2, F 1–2), no orders',
  refreshed_at DateTime64(3, 'UTC') COMMENT 'As of when the row is'
)
AS
WITH
  -- The k-th bound is what k fifths are not above of: the value at place ⌈k·n/5⌉ from below, which is ⌊(1 − k/5)·n⌋ + 1
  -- from above.
  ranks AS
  (
    SELECT
      project_id,
      quantilesExact(0.8, 0.6, 0.4, 0.2)(-toUnixTimestamp64Milli(assumeNotNull(last_order_at))) AS recency_bounds,
      quantilesExact(0.8, 0.6, 0.4, 0.2)(-toInt64(orders_count)) AS frequency_bounds
    FROM {database}.customers_wide FINAL
    WHERE orders_count > 0
    GROUP BY project_id
  ),
  values AS
  (
    SELECT project_id, currency, quantilesExact(0.8, 0.6, 0.4, 0.2)(-orders_amount) AS monetary_bounds
    FROM {database}.customers_wide FINAL
    WHERE orders_count > 0
    GROUP BY project_id, currency
  )
SELECT
  w.project_id AS project_id,
  w.customer AS customer,
  w.name AS name,
  w.attributes AS attributes,
  w.tags AS tags,
  w.created_at AS created_at,
  w.first_seen_at AS first_seen_at,
  w.last_seen_at AS last_seen_at,
  w.currency AS currency,
  w.orders_count AS orders_count,
  w.orders_amount AS orders_amount,
  w.average_order_amount AS average_order_amount,
  w.first_order_at AS first_order_at,
  w.last_order_at AS last_order_at,
  dateDiff('day', w.last_order_at, now64(3)) AS recency_days,
  w.redemptions_count AS redemptions_count,
  w.discount_amount AS discount_amount,
  w.discounted_orders_share AS discounted_orders_share,
  w.rejections_count AS rejections_count,
  w.validations_count AS validations_count,
  w.published_count AS published_count,
  w.favourite_category AS favourite_category,
  w.favourite_categories AS favourite_categories,
  w.favourite_campaign_id AS favourite_campaign_id,
  w.favourite_campaign_ids AS favourite_campaign_ids,
  w.margin_amount AS margin_amount,
  w.gift_card_balance_amount AS gift_card_balance_amount,
  w.open_vouchers_count AS open_vouchers_count,
  w.risk_score_max AS risk_score_max,
  w.flagged_count AS flagged_count,
  w.points_balance AS points_balance,
  w.points_earned AS points_earned,
  w.orders_count = 1 AS is_new,
  if(w.orders_count = 0, 0, 1 + arrayCount(b -> b > -toUnixTimestamp64Milli(assumeNotNull(w.last_order_at)), r.recency_bounds))
    AS rfm_recency,
  if(w.orders_count = 0, 0, 1 + arrayCount(b -> b > -toInt64(w.orders_count), r.frequency_bounds)) AS rfm_frequency,
  if(w.orders_count = 0, 0, 1 + arrayCount(b -> b > -w.orders_amount, v.monetary_bounds)) AS rfm_monetary,
  multiIf(
    rfm_recency = 0, 'no orders',
    rfm_recency >= 4 AND rfm_frequency >= 4, 'champions',
    rfm_recency >= 3 AND rfm_frequency >= 3, 'loyal',
    rfm_recency >= 4 AND is_new = 1, 'new',
    rfm_recency >= 3, 'promising',
    rfm_frequency >= 3, 'at risk',
    'lost') AS rfm_segment,
  w.refreshed_at AS refreshed_at
FROM {database}.customers_wide AS w FINAL
LEFT JOIN ranks AS r ON r.project_id = w.project_id
LEFT JOIN values AS v ON v.project_id = w.project_id AND v.currency = w.currency;
