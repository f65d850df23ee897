-- Grain: an order, as it was last reported: by the order in which reports arrived, as an import may bring old ones late.
CREATE OR REPLACE VIEW {database}.orders {on_cluster}
(
  project_id String COMMENT 'The tenant',
  order_id String COMMENT 'The shop''s id of the order',
  customer String COMMENT 'The shop''s identifier of the customer',
  status String COMMENT 'created, paid, cancelled or refunded: the last one reported',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  amount Int64 COMMENT 'Lines before discounts, without shipping',
  shipping_amount Int64 COMMENT 'Shipping before discounts',
  discount_amount Int64 COMMENT 'Discounts as the shop reported them with the order',
  total_amount Int64 COMMENT 'What the customer paid or has to pay, as reported',
  redeemed_discount_amount Int64 COMMENT 'Discount of the order''s redemptions that still stand',
  redemptions_count UInt64 COMMENT 'Redemptions of the order that still stand',
  lines_count UInt32 COMMENT 'Lines',
  quantity Int64 COMMENT 'Units',
  channel String COMMENT 'Sales channel',
  store_id String COMMENT 'Store',
  first_at DateTime64(3, 'UTC') COMMENT 'When it was first reported to have happened',
  paid_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was paid',
  cancelled_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was cancelled or refunded',
  updated_at DateTime64(3, 'UTC') COMMENT 'When its status last changed'
)
AS
WITH
  redeemed AS
  (
    SELECT project_id, order_id, sum(net_discount_amount) AS discount, uniqExactIf(redemption_id, rolled_back = 0) AS standing
    FROM {database}.redemptions
    GROUP BY project_id, order_id
  )
SELECT
  reported.project_id AS project_id,
  reported.order_id AS order_id,
  reported.customer AS customer,
  reported.status AS status,
  reported.last.1 AS currency,
  reported.last.2 AS amount,
  reported.last.3 AS shipping_amount,
  reported.last.4 AS discount_amount,
  reported.last.5 AS total_amount,
  ifNull(redeemed.discount, 0) AS redeemed_discount_amount,
  ifNull(redeemed.standing, 0) AS redemptions_count,
  length(reported.last.6) AS lines_count,
  arraySum(reported.last.6) AS quantity,
  reported.last.7 AS channel,
  reported.last.8 AS store_id,
  reported.first_at AS first_at,
  reported.paid_at AS paid_at,
  reported.cancelled_at AS cancelled_at,
  reported.updated_at AS updated_at
FROM {database}.latest_orders AS reported
LEFT JOIN redeemed ON redeemed.project_id = reported.project_id AND redeemed.order_id = reported.order_id;
