-- Grain: project × currency × band of predicted value. How much of the coming year's value rests on how few customers.
CREATE OR REPLACE VIEW {database}.predicted_value_bands {on_cluster}
(
  project_id String COMMENT 'The tenant',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  band String COMMENT 'top 10 %, next 20 %, next 30 % or rest, by predicted_value_amount_365d among customers of the currency',
  customers_count UInt64 COMMENT 'Customers',
  predicted_value_amount_365d Float64 COMMENT 'What they are expected to pay within 365 days, together',
  expected_orders_365d Float64 COMMENT 'Days with an order that are expected of them, together',
  average_probability_alive Float64 COMMENT 'Mean probability of not having left for good',
  average_engagement Float64 COMMENT 'Mean engagement',
  as_of DateTime64(3, 'UTC') COMMENT 'When the run began that predicted them'
)
AS
WITH
  bounds AS
  (
    SELECT project_id, currency, quantilesExact(0.9, 0.7, 0.4)(assumeNotNull(predicted_value_amount_365d)) AS q
    FROM {database}.customer_predictions_raw FINAL
    WHERE predicted_value_amount_365d IS NOT NULL
    GROUP BY project_id, currency
  )
SELECT
  p.project_id AS project_id,
  p.currency AS currency,
  multiIf(p.predicted_value_amount_365d >= b.q[1], 'top 10 %', p.predicted_value_amount_365d >= b.q[2], 'next 20 %',
    p.predicted_value_amount_365d >= b.q[3], 'next 30 %', 'rest') AS band,
  count() AS customers_count,
  ifNull(sum(p.predicted_value_amount_365d), 0) AS predicted_value_amount_365d,
  sum(p.expected_orders_365d) AS expected_orders_365d,
  avg(p.probability_alive) AS average_probability_alive,
  avg(p.engagement) AS average_engagement,
  max(p.as_of) AS as_of
FROM {database}.customer_predictions_raw AS p FINAL
INNER JOIN bounds AS b ON b.project_id = p.project_id AND b.currency = p.currency
WHERE p.predicted_value_amount_365d IS NOT NULL
GROUP BY project_id, currency, band;
