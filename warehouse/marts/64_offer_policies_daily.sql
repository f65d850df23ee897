-- Grain: UTC day × policy × version of the settings × model. What each arm's policy brought, by the day of the decision.
CREATE OR REPLACE VIEW {database}.offer_policies_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day of the decisions',
  policy String COMMENT 'champion, challenger, popularity or random; empty in events from before',
  policy_version UInt64 COMMENT 'Of the project''s settings; arms are compared within one',
  model String COMMENT 'name@version whose probabilities were told, or fallback',
  decisions_count UInt64 COMMENT 'Decisions that offered something',
  customers_count UInt64 COMMENT 'Customers they were for',
  offers_count UInt64 COMMENT 'Offers served',
  taken_count UInt64 COMMENT 'Of these, reported taken',
  redeemed_count UInt64 COMMENT 'Of these, redeemed',
  discount_amount Int64 COMMENT 'Discount of the redeemed ones that still stands',
  earned_amount Int64 COMMENT 'Expected margin of the redeemed ones less that discount',
  expected_value_amount Nullable(Int64) COMMENT 'Sum of the expected values, where a basket was known'
)
AS
SELECT
  project_id,
  day,
  policy,
  policy_version,
  model,
  count() AS decisions_count,
  uniqExactIf(customer, customer != '') AS customers_count,
  sum(d.offers_count) AS offers_count,
  sum(d.taken_count) AS taken_count,
  sum(d.redeemed_count) AS redeemed_count,
  sum(d.discount_amount) AS discount_amount,
  sum(d.earned_amount) AS earned_amount,
  sumOrNull(d.expected_value_amount) AS expected_value_amount
FROM {database}.offer_decisions AS d
GROUP BY project_id, day, policy, policy_version, model;
