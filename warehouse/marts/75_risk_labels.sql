-- Grain: a review that was decided, and not taken back: what models of risk learn from and are judged by.
CREATE OR REPLACE VIEW {database}.risk_labels {on_cluster}
(
  project_id String COMMENT 'The tenant',
  subject_kind String COMMENT 'redemption, rejection or reservation',
  subject_id String COMMENT 'Id of the redemption, rejection or reservation that was scored',
  redemption_id String COMMENT 'The redemption at stake; empty for a rejection',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest',
  label UInt8 COMMENT '1 confirmed as abuse, 0 dismissed',
  decided_at DateTime64(3, 'UTC') COMMENT 'When it was decided: nobody knew before',
  origin String COMMENT 'request: found by the score of the request. late: by a later one',
  risk_score Nullable(Float64) COMMENT 'The score that opened it: what was labelled is no random sample'
)
AS
SELECT
  project_id,
  subject_kind,
  subject_id,
  redemption_id,
  customer,
  assumeNotNull(r.label) AS label,
  assumeNotNull(r.decided_at) AS decided_at,
  origin,
  risk_score
FROM {database}.reviews AS r
WHERE r.label IS NOT NULL;
