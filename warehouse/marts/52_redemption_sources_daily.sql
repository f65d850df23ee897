-- Grain: UTC day × source × channel × store × currency. Where redemptions came from, and what they were refused.
-- By the day of the redemption or rejection; `net_` columns look at what still stands of the day's redemptions.
CREATE OR REPLACE VIEW {database}.redemption_sources_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day',
  source String COMMENT 'api, integration, mobile or console',
  channel String COMMENT 'Sales channel of the order; empty where it was not told',
  store_id String COMMENT 'Store of the order; empty where there is none',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  redemptions_count UInt64 COMMENT 'Redemptions, each once however many codes it took',
  net_redemptions_count UInt64 COMMENT 'Of these, those that still stand',
  rejections_count UInt64 COMMENT 'Rejected redemptions',
  customers_count UInt64 COMMENT 'Known customers with a redemption that still stands',
  quantity Int64 COMMENT 'Units on the orders of redemptions that still stand',
  order_amount Int64 COMMENT 'These orders before discounts, without shipping, once a redemption',
  discount_amount Int64 COMMENT 'Discount of the day''s redemptions',
  net_discount_amount Int64 COMMENT 'Of it, what still stands',
  rejected_amount Int64 COMMENT 'Baskets of the rejections before discounts'
)
AS
WITH
  undone AS
  (
    SELECT project_id, redemption_id, sum(e.discount_amount) AS amount, max(outcome != 'part') AS whole
    FROM {database}.events AS e
    WHERE type = 'redemption.rolled_back'
    GROUP BY project_id, redemption_id
  )
SELECT
  tried.project_id AS project_id,
  toDate(tried.occurred_at) AS day,
  toString(tried.source) AS source,
  toString(tried.channel) AS channel,
  toString(tried.store_id) AS store_id,
  toString(tried.currency) AS currency,
  countIf(tried.done = 1) AS redemptions_count,
  countIf(tried.done = 1 AND undone.whole = 0) AS net_redemptions_count,
  countIf(tried.done = 0) AS rejections_count,
  uniqExactIf(tried.customer, tried.done = 1 AND undone.whole = 0 AND tried.customer != '') AS customers_count,
  sumIf(tried.units, tried.done = 1 AND undone.whole = 0) AS quantity,
  sumIf(tried.amount, tried.done = 1 AND undone.whole = 0) AS order_amount,
  sumIf(tried.discount, tried.done = 1) AS discount_amount,
  sumIf(tried.discount - undone.amount, tried.done = 1) AS net_discount_amount,
  sumIf(tried.amount, tried.done = 0) AS rejected_amount
FROM
(
  SELECT project_id, redemption_id, type = 'redemption.succeeded' AS done, occurred_at, source, channel, store_id, currency, customer,
    arraySum(items.quantity) AS units, amount, events.discount_amount AS discount
  FROM {database}.events AS events
  WHERE type IN ('redemption.succeeded', 'redemption.rejected')
) AS tried
LEFT JOIN undone ON undone.project_id = tried.project_id AND undone.redemption_id = tried.redemption_id AND tried.done = 1
GROUP BY project_id, day, source, channel, store_id, currency;
