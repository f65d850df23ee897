-- Grain: project × RFM segment × currency. How many customers are champions, at risk, lost, and what they bring.
CREATE OR REPLACE VIEW {database}.rfm_segments {on_cluster}
(
  project_id String COMMENT 'The tenant',
  rfm_segment String COMMENT 'As in customers_rfm',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units; empty for customers without any',
  customers_count UInt64 COMMENT 'Customers',
  orders_count UInt64 COMMENT 'Their paid orders, not cancelled or refunded since',
  orders_amount Int64 COMMENT 'What these were left to pay',
  redemptions_count Int64 COMMENT 'Their redemptions of which something still stands',
  discount_amount Int64 COMMENT 'What still stands of their discount',
  average_recency_days Nullable(Float64) COMMENT 'Mean days since a customer''s newest order; null without orders',
  average_order_amount Nullable(Float64) COMMENT 'orders_amount / orders_count; null without orders',
  discounted_orders_share Nullable(Float64) COMMENT 'Mean share of a customer''s orders with a redemption that still stands'
)
AS
SELECT
  project_id,
  rfm_segment,
  currency,
  count() AS customers_count,
  sum(c.orders_count) AS orders_count,
  sum(c.orders_amount) AS orders_amount,
  sum(c.redemptions_count) AS redemptions_count,
  sum(c.discount_amount) AS discount_amount,
  avg(c.recency_days) AS average_recency_days,
  if(orders_count > 0, orders_amount / orders_count, NULL) AS average_order_amount,
  avg(c.discounted_orders_share) AS discounted_orders_share
FROM {database}.customers_rfm AS c
GROUP BY project_id, rfm_segment, currency;
