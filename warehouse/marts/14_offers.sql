-- Grain: an offer served × its outcome so far. A decision serves several offers, each with its rank.
-- Propensity is the probability with which the policy showed it: what off-line evaluation divides by.
--
-- A redemption of the campaign by the customer belongs to the last decision before it that offered the campaign, for thirty
-- days: what was redeemed later, or in spite of a newer offer, is not told of this one.
CREATE OR REPLACE VIEW {database}.offers {on_cluster}
(
  project_id String COMMENT 'The tenant',
  decision_id String COMMENT 'Id of the decision; one row for each offer of it',
  rank UInt16 COMMENT 'Place of the offer, from 1',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it was served',
  day Date COMMENT 'UTC day of occurred_at',
  customer String COMMENT 'The shop''s identifier of the customer',
  model String COMMENT 'name@version whose probabilities these are, or fallback',
  policy String COMMENT 'The arm of the customer, whose policy ranked: champion, challenger, popularity or random; empty in events from before',
  policy_version UInt64 COMMENT 'Of the project''s settings; arms are compared within one',
  exploration Float64 COMMENT 'Share of decisions in an order drawn at random',
  candidates_count UInt32 COMMENT 'Offers there were to choose from; 0 in events from before',
  campaign_id String COMMENT 'The sub-campaign offered',
  code String COMMENT 'The code offered; empty when none was',
  discount_amount Int64 COMMENT 'Discount it would give, minor units',
  probability Nullable(Float64) COMMENT 'Predicted probability of redemption',
  expected_value_amount Nullable(Int64) COMMENT 'Expected value, minor units',
  expected_margin_amount Nullable(Int64) COMMENT 'What the basket was expected to earn before the discount; null while none was known',
  uplift Nullable(Float64) COMMENT 'The part of the probability that the offer causes, by the campaign''s holdout',
  propensity Float64 COMMENT 'Probability with which it was chosen to be shown at this rank',
  features String COMMENT 'The vector the model saw, JSON by feature name; null when none',
  policies String COMMENT 'What each policy would do at this rank, JSON; read offer_places',
  arms String COMMENT 'Percent of the customers in each arm, JSON',
  shown UInt8 COMMENT '1 when the shop reported it shown',
  taken UInt8 COMMENT '1 when the shop reported it taken',
  dismissed UInt8 COMMENT '1 when the shop reported it dismissed',
  outcome String COMMENT 'The strongest of taken, dismissed, shown, none',
  redeemed UInt8 COMMENT '1 when the customer redeemed the campaign after it and before the next offer of it, within 30 days, and something of it stands',
  redeemed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When, the first time',
  redemption_id String COMMENT 'The first such redemption; empty when none',
  redeemed_discount_amount Int64 COMMENT 'Discount of these redemptions that still stands',
  earned_amount Int64 COMMENT 'Once redeemed: expected_margin_amount − redeemed_discount_amount; the discount alone where no margin was expected'
)
AS
WITH
  told AS
  (
    SELECT project_id, subject_id AS decision_id, occurred_at, customer, payload, offer,
      JSONExtractString(offer, 'campaign_id') AS campaign_id,
      leadInFrame(occurred_at, 1, toDateTime64('2299-01-01 00:00:00', 3, 'UTC')) OVER
        (PARTITION BY project_id, customer, campaign_id ORDER BY occurred_at, decision_id
         ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_at
    FROM {database}.events
    ARRAY JOIN JSONExtractArrayRaw(payload, 'offers') AS offer
    WHERE type = 'offer.served'
  ),
  served AS
  (
    SELECT *, least(next_at, occurred_at + toIntervalDay(30)) AS until FROM told
  ),
  answered AS
  (
    SELECT project_id, subject_id AS decision_id, campaign_id,
      max(outcome = 'shown') AS shown, max(outcome = 'taken') AS taken, max(outcome = 'dismissed') AS dismissed
    FROM {database}.events
    WHERE type = 'offer.outcome'
    GROUP BY project_id, decision_id, campaign_id
  ),
  used AS
  (
    SELECT project_id, customer, campaign_id,
      arraySort(groupArray((occurred_at, redemption_id, net_discount_amount))) AS redemptions
    FROM {database}.redemptions
    WHERE rolled_back = 0 AND customer != ''
    GROUP BY project_id, customer, campaign_id
  )
SELECT
  served.project_id AS project_id,
  served.decision_id AS decision_id,
  JSONExtractUInt(served.offer, 'rank') AS rank,
  served.occurred_at AS occurred_at,
  toDate(served.occurred_at) AS day,
  served.customer AS customer,
  JSONExtractString(served.payload, 'model') AS model,
  JSONExtractString(served.payload, 'policy') AS policy,
  JSONExtractUInt(served.payload, 'policy_version') AS policy_version,
  JSONExtractFloat(served.payload, 'exploration') AS exploration,
  JSONExtractUInt(served.payload, 'candidates_count') AS candidates_count,
  served.campaign_id AS campaign_id,
  JSONExtractString(served.offer, 'code') AS code,
  JSONExtractInt(served.offer, 'discount_amount') AS discount_amount,
  JSONExtract(served.offer, 'probability', 'Nullable(Float64)') AS probability,
  JSONExtract(served.offer, 'expected_value_amount', 'Nullable(Int64)') AS expected_value_amount,
  JSONExtract(served.offer, 'expected_margin_amount', 'Nullable(Int64)') AS expected_margin_amount,
  JSONExtract(served.offer, 'uplift', 'Nullable(Float64)') AS uplift,
  JSONExtractFloat(served.offer, 'propensity') AS propensity,
  JSONExtractRaw(served.offer, 'features') AS features,
  JSONExtractRaw(served.offer, 'policies') AS policies,
  JSONExtractRaw(served.payload, 'arms') AS arms,
  ifNull(answered.shown, 0) AS shown,
  ifNull(answered.taken, 0) AS taken,
  ifNull(answered.dismissed, 0) AS dismissed,
  multiIf(taken = 1, 'taken', dismissed = 1, 'dismissed', shown = 1, 'shown', 'none') AS outcome,
  length(own) > 0 AS redeemed,
  if(redeemed = 1, own[1].1, NULL) AS redeemed_at,
  own[1].2 AS redemption_id,
  arraySum(each -> each.3, own) AS redeemed_discount_amount,
  if(redeemed = 1, ifNull(expected_margin_amount, 0) - redeemed_discount_amount, 0) AS earned_amount
FROM
(
  SELECT served.*,
    arrayFilter(each -> each.1 >= served.occurred_at AND each.1 < served.until AND served.customer != '', used.redemptions) AS own
  FROM served
  LEFT JOIN used ON used.project_id = served.project_id AND used.customer = served.customer
    AND used.campaign_id = served.campaign_id
) AS served
LEFT JOIN answered
  ON answered.project_id = served.project_id
  AND answered.decision_id = served.decision_id
  AND answered.campaign_id = served.campaign_id;
