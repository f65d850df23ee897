-- Grain: campaign × UTC day × reason × currency. One rejection counts once for each of its reasons: amounts of several
-- reasons overlap, never add them.
CREATE OR REPLACE VIEW {database}.rejections_by_reason_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day',
  campaign_id String COMMENT 'The sub-campaign; empty when the code is unknown',
  reason_key String COMMENT 'Stable key of the reason',
  reason_code Int64 COMMENT 'Its number; 0 where it has none',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  rejections_count UInt64 COMMENT 'Rejections with the reason',
  customers_count UInt64 COMMENT 'Known customers among them',
  codes_count UInt64 COMMENT 'Different codes among them',
  order_amount Int64 COMMENT 'Their baskets, each once',
  lost_amount Int64 COMMENT 'The part of it that was not bought later',
  converted_count UInt64 COMMENT 'Rejections after which the customer bought without a discount within 7 days: see rejections.converted_later',
  converted_amount Int64 COMMENT 'What these orders were left to pay; an order counts for the newest rejection before it'
)
AS
SELECT
  project_id,
  day,
  campaign_id,
  reason_key,
  reason_code,
  currency,
  count() AS rejections_count,
  uniqExactIf(customer, customer != '') AS customers_count,
  uniqExactArray(reason_codes) AS codes_count,
  sum(basket) AS order_amount,
  sumIf(basket, bought_later = 0) AS lost_amount,
  countIf(converted_later = 1) AS converted_count,
  sum(converted) AS converted_amount
FROM
(
  SELECT
    project_id, day, campaign_id, reason_key, reason_code, currency, rejection_id,
    any(customer) AS customer, groupUniqArray(code) AS reason_codes, any(rejections.order_amount) AS basket,
    any(bought_later) AS bought_later, any(converted_later) AS converted_later, any(converted_whole) AS converted
  FROM
  (
    -- The amount, which stands on the first reason only, for each reason of the rejection.
    SELECT *, max(r.converted_amount) OVER (PARTITION BY project_id, day, rejection_id) AS converted_whole
    FROM {database}.rejections AS r
  ) AS rejections
  GROUP BY project_id, day, campaign_id, reason_key, reason_code, currency, rejection_id
)
GROUP BY project_id, day, campaign_id, reason_key, reason_code, currency;
