-- Grain: model × feature, and `(score)` for its scores. How far what the models were asked about in the last 7 days lies
-- from the 28 days before: the population stability index over the deciles of those 28 days (Siddiqi, Credit Risk
-- Scorecards, 2006, chapter 6), Σ (p − q) ln(p / q) with half a row in every bin besides. Below 0.1 nothing moved, above
-- 0.25 a lot. Of a model and feature 50,000 values of each time at most are looked at. Read from the vectors that were
-- logged with each score, so it shows what was served and not what would be.
CREATE OR REPLACE VIEW {database}.feature_drift {on_cluster}
(
  project_id String COMMENT 'The tenant',
  model String COMMENT 'risk or personalisation',
  feature String COMMENT 'Name of the feature; (score) for what the model made of it',
  reference_count UInt64 COMMENT 'Values in the 28 days before the last 7',
  recent_count UInt64 COMMENT 'Values in the last 7 days',
  psi Nullable(Float64) COMMENT 'Population stability index; null below 100 values on either side',
  reference_mean Nullable(Float64) COMMENT 'Mean of those 28 days',
  recent_mean Nullable(Float64) COMMENT 'Mean of the last 7 days',
  reference_p50 Nullable(Float64) COMMENT 'Median of those 28 days',
  recent_p50 Nullable(Float64) COMMENT 'Median of the last 7 days',
  last_seen_at DateTime64(3, 'UTC') COMMENT 'The newest value'
)
AS
SELECT
  project_id,
  model,
  feature,
  before AS reference_count,
  since AS recent_count,
  if(before < 100 OR since < 100, NULL, arraySum((p, q) -> (p - q) * log(p / q),
    arrayMap(bin -> (arrayCount(each -> each = bin, recent_bins) + 0.5) / (length(recent_bins) + 0.5 * (length(edges) + 1)), range(length(edges) + 1)),
    arrayMap(bin -> (arrayCount(each -> each = bin, reference_bins) + 0.5) / (length(reference_bins) + 0.5 * (length(edges) + 1)), range(length(edges) + 1)))) AS psi,
  reference_mean,
  recent_mean,
  reference_p50,
  recent_p50,
  last_seen_at
FROM
(
  SELECT
    project_id,
    model,
    feature,
    countIf(NOT is_recent) AS before,
    countIf(is_recent) AS since,
    groupArrayIf(50000)(value, NOT is_recent) AS reference,
    groupArrayIf(50000)(value, is_recent) AS recent,
    -- A value that is most of them is several deciles: it is one edge.
    arraySort(arrayDistinct(arrayFilter(edge -> isFinite(edge), quantilesExactIf(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)(value, NOT is_recent)))) AS edges,
    arrayMap(each -> arrayCount(edge -> each > edge, edges), reference) AS reference_bins,
    arrayMap(each -> arrayCount(edge -> each > edge, edges), recent) AS recent_bins,
    avgOrNullIf(value, NOT is_recent) AS reference_mean,
    avgOrNullIf(value, is_recent) AS recent_mean,
    quantileExactOrNullIf(0.5)(value, NOT is_recent) AS reference_p50,
    quantileExactOrNullIf(0.5)(value, is_recent) AS recent_p50,
    max(at) AS last_seen_at
  FROM
  (
    SELECT project_id, 'risk' AS model, pair.1 AS feature, pair.2 AS value, occurred_at AS at,
      occurred_at >= now() - INTERVAL 7 DAY AS is_recent
    FROM {database}.events
    ARRAY JOIN arrayConcat(JSONExtractKeysAndValues(payload, 'risk', 'features', 'Float64'),
      if(risk_score IS NULL, [], [('(score)', assumeNotNull(risk_score))])) AS pair
    WHERE type IN ('redemption.succeeded', 'redemption.rejected')
      AND occurred_at >= now() - INTERVAL 35 DAY AND occurred_at < now()
    UNION ALL
    SELECT project_id, 'personalisation' AS model, pair.1 AS feature, pair.2 AS value, at,
      at >= now() - INTERVAL 7 DAY AS is_recent
    FROM
    (
      SELECT project_id, occurred_at AS at, JSONExtractArrayRaw(payload, 'offers') AS offers
      FROM {database}.events
      WHERE type = 'offer.served' AND occurred_at >= now() - INTERVAL 35 DAY AND occurred_at < now()
    )
    ARRAY JOIN offers AS offer
    ARRAY JOIN arrayConcat(JSONExtractKeysAndValues(offer, 'features', 'Float64'),
      if(JSONType(offer, 'probability') IN ('Double', 'Int64', 'UInt64'), [('(score)', JSONExtractFloat(offer, 'probability'))], [])) AS pair
  )
  GROUP BY project_id, model, feature
);
