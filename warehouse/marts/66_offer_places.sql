-- Grain: an offer served × a policy that might have ranked instead. What an off-policy evaluation takes: each place of a
-- decision with the probability of what stood there, under the policies that logged and under the one in question.
--
-- Which policy ranked is a lottery over customers, so that the probability of an offer at a place, before the lottery, is
-- that of all arms by their shares: `propensity` here. It is larger than the arm's own for what another arm would do, and
-- estimates that divide by it vary less (the balance heuristic of Veach & Guibas, 1995).
CREATE OR REPLACE VIEW {database}.offer_places {on_cluster}
(
  project_id String COMMENT 'The tenant',
  decision_id String COMMENT 'Id of the decision',
  rank UInt16 COMMENT 'Place of the offer, from 1',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it was served',
  day Date COMMENT 'UTC day of occurred_at',
  customer String COMMENT 'The shop''s identifier of the customer',
  campaign_id String COMMENT 'The sub-campaign offered',
  policy String COMMENT 'The arm of the customer, whose policy ranked',
  policy_version UInt64 COMMENT 'Of the project''s settings',
  target_policy String COMMENT 'The policy in question',
  propensity Float64 COMMENT 'Probability of this offer here under the policies that logged, over all arms by their shares',
  target_propensity Float64 COMMENT 'Probability of this offer here under the policy in question',
  expected_redemptions Float64 COMMENT 'Redemptions that the model expects of what the policy in question would show here',
  expected_value_amount Nullable(Float64) COMMENT 'Value that the model expects of it; null while no basket was known',
  probability Nullable(Float64) COMMENT 'Redemptions that the model expects of this offer',
  value_amount Nullable(Float64) COMMENT 'Value that the model expects of this offer',
  redeemed UInt8 COMMENT '1 when it was redeemed',
  earned_amount Int64 COMMENT 'What that earned, see offers'
)
AS
WITH
  each_policy AS
  (
    SELECT o.*, JSONExtract(o.policies, 'Array(Tuple(policy String, propensity Float64, probability Float64, value_amount Nullable(Float64)))') AS others,
      arraySum(other -> JSONExtractFloat(o.arms, other.1) / 100 * other.2, others) AS mixed
    FROM {database}.offers AS o
    WHERE o.policy != ''
  )
SELECT
  p.project_id AS project_id,
  p.decision_id AS decision_id,
  p.rank AS rank,
  p.occurred_at AS occurred_at,
  p.day AS day,
  p.customer AS customer,
  p.campaign_id AS campaign_id,
  p.policy AS policy,
  p.policy_version AS policy_version,
  other.1 AS target_policy,
  p.mixed AS propensity,
  other.2 AS target_propensity,
  other.3 AS expected_redemptions,
  other.4 AS expected_value_amount,
  p.probability AS probability,
  if(p.expected_margin_amount IS NULL, NULL, toFloat64(p.expected_value_amount)) AS value_amount,
  p.redeemed AS redeemed,
  p.earned_amount AS earned_amount
FROM each_policy AS p
ARRAY JOIN p.others AS other
WHERE p.mixed > 0;
