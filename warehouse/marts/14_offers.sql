-- Grain: an offer served × its outcome so far. A decision serves several offers, each with its rank.
-- Propensity is the probability with which the policy showed it: what off-line evaluation divides by.
CREATE OR REPLACE VIEW {database}.offers {on_cluster}
(
  project_id String COMMENT 'The tenant',
  decision_id String COMMENT 'Id of the decision; one row for each offer of it',
  rank UInt16 COMMENT 'Place of the offer, from 1',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it was served',
  day Date COMMENT 'UTC day of occurred_at',
  customer String COMMENT 'The shop''s identifier of the customer',
  model String COMMENT 'name@version that ranked it, or fallback',
  campaign_id String COMMENT 'The sub-campaign offered',
  code String COMMENT 'The code offered; empty when none was',
  discount_amount Int64 COMMENT 'Discount it would give, minor units',
  probability Nullable(Float64) COMMENT 'Predicted probability of redemption',
  expected_value_amount Nullable(Int64) COMMENT 'Expected value, minor units',
  propensity Float64 COMMENT 'Probability with which it was chosen to be shown',
  features String COMMENT 'The vector the model saw, JSON by feature name; null when none',
  shown UInt8 COMMENT '1 when the shop reported it shown',
  taken UInt8 COMMENT '1 when the shop reported it taken',
  dismissed UInt8 COMMENT '1 when the shop reported it dismissed',
  outcome String COMMENT 'The strongest of taken, dismissed, shown, none'
)
AS
WITH
  served AS
  (
    SELECT project_id, subject_id AS decision_id, occurred_at, customer, JSONExtractString(payload, 'model') AS model,
      arrayJoin(JSONExtractArrayRaw(payload, 'offers')) AS offer
    FROM {database}.events
    WHERE type = 'offer.served'
  ),
  answered AS
  (
    SELECT project_id, subject_id AS decision_id, campaign_id,
      max(outcome = 'shown') AS shown, max(outcome = 'taken') AS taken, max(outcome = 'dismissed') AS dismissed
    FROM {database}.events
    WHERE type = 'offer.outcome'
    GROUP BY project_id, decision_id, campaign_id
  )
SELECT
  served.project_id AS project_id,
  served.decision_id AS decision_id,
  JSONExtractUInt(served.offer, 'rank') AS rank,
  served.occurred_at AS occurred_at,
  toDate(served.occurred_at) AS day,
  served.customer AS customer,
  served.model AS model,
  JSONExtractString(served.offer, 'campaign_id') AS campaign_id,
  JSONExtractString(served.offer, 'code') AS code,
  JSONExtractInt(served.offer, 'discount_amount') AS discount_amount,
  JSONExtract(served.offer, 'probability', 'Nullable(Float64)') AS probability,
  JSONExtract(served.offer, 'expected_value_amount', 'Nullable(Int64)') AS expected_value_amount,
  JSONExtractFloat(served.offer, 'propensity') AS propensity,
  JSONExtractRaw(served.offer, 'features') AS features,
  ifNull(answered.shown, 0) AS shown,
  ifNull(answered.taken, 0) AS taken,
  ifNull(answered.dismissed, 0) AS dismissed,
  multiIf(taken = 1, 'taken', dismissed = 1, 'dismissed', shown = 1, 'shown', 'none') AS outcome
FROM served
LEFT JOIN answered
  ON answered.project_id = served.project_id
  AND answered.decision_id = served.decision_id
  AND answered.campaign_id = JSONExtractString(served.offer, 'campaign_id');
