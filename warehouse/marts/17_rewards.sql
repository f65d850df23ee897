-- Grain: a reward that was handed out besides money off: points, a voucher, a code of a pool, credit of a gift card.
CREATE OR REPLACE VIEW {database}.rewards {on_cluster}
(
  project_id String COMMENT 'The tenant',
  reward_id String COMMENT 'Id of the reward',
  redemption_id String COMMENT 'The redemption that gave it',
  campaign_id String COMMENT 'The sub-campaign that gave it',
  customer String COMMENT 'The shop''s identifier of the customer who got it',
  role String COMMENT 'customer: who redeemed. referrer: whose code a friend used',
  reward_type String COMMENT 'points, voucher, pool_voucher or gift_credit',
  amount Int64 COMMENT 'Points, or minor units of credit; 0 for the others',
  voucher_id String COMMENT 'The voucher given, or the card credited; empty for the others',
  issued_at DateTime64(3, 'UTC') COMMENT 'When it was given',
  day Date COMMENT 'UTC day of issued_at',
  revoked UInt8 COMMENT '1 when it was taken back',
  revoked_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was taken back'
)
AS
WITH
  issued AS
  (
    SELECT project_id, subject_id, redemption_id, campaign_id, customer, JSONExtractString(payload, 'role') AS role,
      outcome, changed_by, codes.voucher_id[1] AS voucher, occurred_at
    FROM {database}.events
    WHERE type = 'reward.issued'
  ),
  taken_back AS
  (
    SELECT project_id, subject_id, 1 AS found, min(occurred_at) AS at
    FROM {database}.events
    WHERE type = 'reward.revoked'
    GROUP BY project_id, subject_id
  )
SELECT
  issued.project_id AS project_id,
  issued.subject_id AS reward_id,
  issued.redemption_id AS redemption_id,
  issued.campaign_id AS campaign_id,
  issued.customer AS customer,
  issued.role AS role,
  issued.outcome AS reward_type,
  issued.changed_by AS amount,
  issued.voucher AS voucher_id,
  issued.occurred_at AS issued_at,
  toDate(issued.occurred_at) AS day,
  ifNull(taken_back.found, 0) AS revoked,
  if(revoked = 1, taken_back.at, NULL) AS revoked_at
FROM issued
LEFT JOIN taken_back ON taken_back.project_id = issued.project_id AND taken_back.subject_id = issued.subject_id;
