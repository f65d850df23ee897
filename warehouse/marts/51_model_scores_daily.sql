-- Grain: UTC day × model × kind. How the scores of the models move: drift shows here before it hurts.
-- Kind `risk`: redemptions and rejections, scored for fraud; a hold counts with the redemption it becomes. Kind `offers`: offers, scored for redemption.
-- What could not be scored in time has no model: it stands under an empty one.
CREATE OR REPLACE VIEW {database}.model_scores_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day',
  model String COMMENT 'name@version; empty where none scored',
  kind String COMMENT 'risk or offers',
  scored_count UInt64 COMMENT 'Scores',
  unscored_count UInt64 COMMENT 'Decisions or offers without a score',
  mean_score Nullable(Float64) COMMENT 'Mean score; null when nothing was scored',
  p50 Nullable(Float64) COMMENT 'Median score',
  p95 Nullable(Float64) COMMENT '95th percentile of the scores',
  flagged_count UInt64 COMMENT 'Flagged, held or rejected; 0 for offers'
)
AS
SELECT
  project_id,
  day,
  model,
  kind,
  count(score) AS scored_count,
  count() - scored_count AS unscored_count,
  avgOrNull(score) AS mean_score,
  quantileExactOrNull(0.5)(score) AS p50,
  quantileExactOrNull(0.95)(score) AS p95,
  countIf(flagged = 1) AS flagged_count
FROM
(
  SELECT project_id, toDate(occurred_at) AS day, toString(model) AS model, 'risk' AS kind, risk_score AS score, risk_action != 'allow' AS flagged
  FROM {database}.events
  WHERE type IN ('redemption.succeeded', 'redemption.rejected') AND risk_action != ''
  UNION ALL
  SELECT project_id, day, model, 'offers' AS kind, probability AS score, 0 AS flagged
  FROM {database}.offers
)
GROUP BY project_id, day, model, kind;
