-- Grain: project × UTC day × currency.
-- Counts stand on the day of their own event; `net_` columns as in campaigns_daily.
CREATE OR REPLACE VIEW {database}.overview_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  validations_count UInt64 COMMENT 'Validations',
  redemptions_count UInt64 COMMENT 'Redemptions, each once however many codes it took',
  rejections_count UInt64 COMMENT 'Rejected redemptions',
  rollbacks_count UInt64 COMMENT 'Rollbacks made that day, partial ones too',
  discount_amount Int64 COMMENT 'Discount of the day''s redemptions',
  rolled_back_amount Int64 COMMENT 'Discount given back that day',
  net_redemptions_count UInt64 COMMENT 'Of the day''s redemptions, those that still stand',
  net_discount_amount Int64 COMMENT 'Their discount',
  redeemed_revenue_amount Int64 COMMENT 'What the orders of the day''s standing redemptions were left to pay, each order once, on the day of its first',
  orders_count UInt64 COMMENT 'Orders paid that day, not cancelled or refunded since',
  orders_amount Int64 COMMENT 'What they were left to pay',
  customers_count UInt64 COMMENT 'Customers who redeemed, or tried to, that day',
  flagged_count UInt64 COMMENT 'Redemptions and rejections of that day flagged, held or refused for their risk',
  partial_rollbacks_count UInt64 COMMENT 'Of rollbacks_count, those that left something of the redemption'
)
AS
WITH
  parts AS
  (
    SELECT
      project_id, toDate(occurred_at) AS day, toString(currency) AS money,
      countIf(type = 'validation.performed') AS validations,
      countIf(type = 'redemption.succeeded') AS redemptions,
      countIf(type = 'redemption.rejected') AS rejections,
      countIf(type = 'redemption.rolled_back') AS rollbacks,
      sumIf(events.discount_amount, type = 'redemption.succeeded') AS discount,
      sumIf(events.discount_amount, type = 'redemption.rolled_back') AS rolled_back_discount,
      0 AS net_redemptions, 0 AS net_discount, 0 AS revenue, 0 AS orders, 0 AS orders_total,
      uniqExactIf(customer, type IN ('redemption.succeeded', 'redemption.rejected') AND customer != '') AS customers,
      countIf(risk_action NOT IN ('', 'allow')) AS flagged,
      countIf(type = 'redemption.rolled_back' AND outcome = 'part') AS partial_rollbacks
    FROM {database}.events AS events
    WHERE type IN ('validation.performed', 'redemption.succeeded', 'redemption.rejected', 'redemption.rolled_back')
    GROUP BY project_id, day, money
    UNION ALL
    SELECT
      project_id, day, currency, 0, 0, 0, 0, 0, 0,
      uniqExactIf(redemption_id, rolled_back = 0), sum(net_discount_amount), 0, 0, 0, 0, 0, 0
    FROM {database}.redemptions
    GROUP BY project_id, day, currency
    UNION ALL
    SELECT project_id, first_day, money, 0, 0, 0, 0, 0, 0, 0, 0, sum(total), 0, 0, 0, 0, 0
    FROM
    (
      SELECT
        project_id, order_id, min(day) AS first_day, argMax(order_total_amount, occurred_at) AS total,
        any(currency) AS money
      FROM {database}.redemptions
      WHERE rolled_back = 0
      GROUP BY project_id, order_id
    )
    GROUP BY project_id, first_day, money
    UNION ALL
    SELECT project_id, toDate(assumeNotNull(paid_at)), last.1 AS money, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(), sum(last.5), 0, 0, 0
    FROM {database}.latest_orders
    WHERE status = 'paid' AND paid_at IS NOT NULL
    GROUP BY project_id, toDate(assumeNotNull(paid_at)), money
  )
SELECT
  project_id,
  day,
  money AS currency,
  sum(validations) AS validations_count,
  sum(redemptions) AS redemptions_count,
  sum(rejections) AS rejections_count,
  sum(rollbacks) AS rollbacks_count,
  sum(discount) AS discount_amount,
  sum(rolled_back_discount) AS rolled_back_amount,
  sum(net_redemptions) AS net_redemptions_count,
  sum(net_discount) AS net_discount_amount,
  sum(revenue) AS redeemed_revenue_amount,
  sum(orders) AS orders_count,
  sum(orders_total) AS orders_amount,
  sum(customers) AS customers_count,
  sum(flagged) AS flagged_count,
  sum(partial_rollbacks) AS partial_rollbacks_count
FROM parts
GROUP BY project_id, day, money;
