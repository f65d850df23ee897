-- Grain: UTC day × campaign × model. What was offered, by the day it was served, and what became of it so far.
CREATE OR REPLACE VIEW {database}.offers_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day on which it was served',
  campaign_id String COMMENT 'The sub-campaign offered',
  model String COMMENT 'name@version that ranked it, or fallback',
  currency String COMMENT 'ISO 4217, of the campaign; all amounts of the row are in its minor units',
  served_count UInt64 COMMENT 'Offers served',
  customers_count UInt64 COMMENT 'Known customers they were served to',
  shown_count UInt64 COMMENT 'Of these offers, reported shown; what was taken or dismissed was seen, reported or not',
  taken_count UInt64 COMMENT 'Of these offers, taken',
  dismissed_count UInt64 COMMENT 'Of these offers, dismissed',
  discount_amount Int64 COMMENT 'Discount that they would give',
  taken_discount_amount Int64 COMMENT 'Discount of those taken, as it was offered',
  expected_value_amount Nullable(Int64) COMMENT 'Sum of the expected values, where the model gave one',
  average_probability Nullable(Float64) COMMENT 'Mean predicted probability of redemption, where the model gave one'
)
AS
SELECT
  o.project_id AS project_id,
  o.day AS day,
  o.campaign_id AS campaign_id,
  o.model AS model,
  ifNull(c.last.currency, '') AS currency,
  o.served AS served_count,
  o.customers AS customers_count,
  o.shown_offers AS shown_count,
  o.taken_offers AS taken_count,
  o.dismissed_offers AS dismissed_count,
  o.discount AS discount_amount,
  o.taken_discount AS taken_discount_amount,
  o.expected AS expected_value_amount,
  o.chance AS average_probability
FROM
(
  SELECT
    project_id, day, campaign_id, model,
    count() AS served,
    uniqExactIf(customer, customer != '') AS customers,
    countIf(shown = 1 OR taken = 1 OR dismissed = 1) AS shown_offers,
    countIf(taken = 1) AS taken_offers,
    countIf(dismissed = 1) AS dismissed_offers,
    sum(discount_amount) AS discount,
    sumIf(discount_amount, taken = 1) AS taken_discount,
    sumOrNull(expected_value_amount) AS expected,
    avgOrNull(probability) AS chance
  FROM {database}.offers
  GROUP BY project_id, day, campaign_id, model
) AS o
LEFT JOIN {database}.latest_campaigns AS c ON c.project_id = o.project_id AND c.campaign_id = o.campaign_id;
