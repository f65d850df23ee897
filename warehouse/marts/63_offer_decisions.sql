-- Grain: a decision of POST /v1/offers that offered something.
-- What was redeemed counts for the last decision that offered it, as in `offers`.
CREATE OR REPLACE VIEW {database}.offer_decisions {on_cluster}
(
  project_id String COMMENT 'The tenant',
  decision_id String COMMENT 'Id of the decision',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it was served',
  day Date COMMENT 'UTC day of occurred_at',
  customer String COMMENT 'The shop''s identifier of the customer',
  policy String COMMENT 'The arm of the customer, whose policy ranked; empty in events from before',
  policy_version UInt64 COMMENT 'Of the project''s settings',
  model String COMMENT 'name@version whose probabilities were told, or fallback',
  candidates_count UInt32 COMMENT 'Offers there were to choose from',
  offers_count UInt64 COMMENT 'Offers served',
  taken_count UInt64 COMMENT 'Of these, reported taken',
  redeemed_count UInt64 COMMENT 'Of these, redeemed',
  discount_amount Int64 COMMENT 'Discount of the redeemed ones that still stands',
  earned_amount Int64 COMMENT 'Expected margin of the redeemed ones less that discount',
  expected_value_amount Nullable(Int64) COMMENT 'Sum of the expected values; null while no basket was known'
)
AS
SELECT
  o.project_id AS project_id,
  o.decision_id AS decision_id,
  o.at AS occurred_at,
  toDate(o.at) AS day,
  o.who AS customer,
  o.arm AS policy,
  o.version AS policy_version,
  o.ranked AS model,
  o.candidates AS candidates_count,
  o.offered AS offers_count,
  o.taken_offers AS taken_count,
  o.redeemed_offers AS redeemed_count,
  o.discount AS discount_amount,
  o.earned AS earned_amount,
  o.expected AS expected_value_amount
FROM
(
  SELECT
    project_id, decision_id, any(occurred_at) AS at, any(customer) AS who, any(policy) AS arm,
    any(policy_version) AS version, any(model) AS ranked, any(candidates_count) AS candidates, count() AS offered,
    countIf(taken = 1) AS taken_offers, countIf(redeemed = 1) AS redeemed_offers,
    sum(redeemed_discount_amount) AS discount, sum(earned_amount) AS earned, sumOrNull(expected_value_amount) AS expected
  FROM {database}.offers
  GROUP BY project_id, decision_id
) AS o;
