-- Grain: UTC day × reviewer × currency. What reviewers decided, how often the suspicion was right, and what it brought.
-- Only decisions that stand. A claw-back counts on the day it was done, for who began it, as far as it was not undone.
CREATE OR REPLACE VIEW {database}.reviewers_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day of the decisions',
  reviewer_id String COMMENT 'The key that decided',
  reviewer_name String COMMENT 'Its name, as of its newest decision or claw-back of the day',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  decided_count UInt64 COMMENT 'Reviews decided',
  confirmed_count UInt64 COMMENT 'Of those, confirmed as abuse',
  dismissed_count UInt64 COMMENT 'Of those, dismissed',
  precision Nullable(Float64) COMMENT 'confirmed_count / decided_count: how often the suspicion was right; null without a decision',
  overdue_count UInt64 COMMENT 'Of those, decided after they were due',
  working_seconds Float64 COMMENT 'From taking the reviews to deciding them, together',
  median_seconds_to_decide Nullable(Float64) COMMENT 'From coming into the queue to the decision; null without one',
  prevented_amount Int64 COMMENT 'Discount of holds and refusals that were confirmed',
  recovered_amount Int64 COMMENT 'Discount that claw-backs gave back',
  yield_amount Nullable(Float64) COMMENT 'Prevented and recovered, for each decision; null without one'
)
AS
SELECT
  project_id,
  day,
  reviewer_id,
  argMax(name, at) AS reviewer_name,
  currency,
  countIf(parts.label IS NOT NULL) AS decided_count,
  countIf(parts.label = 1) AS confirmed_count,
  countIf(parts.label = 0) AS dismissed_count,
  if(decided_count > 0, confirmed_count / decided_count, NULL) AS precision,
  countIf(parts.late = 1) AS overdue_count,
  sum(parts.seconds) AS working_seconds,
  quantileExactInclusiveOrNullIf(0.5)(parts.waited, parts.label IS NOT NULL) AS median_seconds_to_decide,
  sum(parts.prevented) AS prevented_amount,
  sum(parts.recovered) AS recovered_amount,
  if(decided_count > 0, (prevented_amount + recovered_amount) / decided_count, NULL) AS yield_amount
FROM
(
  SELECT
    project_id, toDate(assumeNotNull(decided_at)) AS day, reviewer_id, reviewer_name AS name, assumeNotNull(decided_at) AS at,
    currency, label, overdue AS late, ifNull(working_seconds, 0) AS seconds,
    toFloat64(dateDiff('millisecond', opened_at, assumeNotNull(decided_at)) / 1000) AS waited,
    if(label = 1 AND subject_kind != 'redemption', amount_at_risk, 0) AS prevented, toInt64(0) AS recovered
  FROM {database}.reviews
  WHERE label IS NOT NULL
  UNION ALL
  SELECT
    project_id, toDate(done_at) AS day, reviewer_id, name, done_at AS at, currency, NULL AS label, 0 AS late,
    0. AS seconds, 0. AS waited, 0 AS prevented, amount AS recovered
  FROM
  (
    -- What stays given back: done, less what its undoing restored, which may be a part, and less what passed on to another.
    SELECT project_id, part.1 AS claw_back_id, part.2 AS currency, sum(part.3) AS amount
    FROM
    (
      SELECT
        project_id,
        if(type = 'claw_back.done', 1, -1) AS sign,
        arrayMap(a -> (subject_id, a.1, sign * a.2), JSONExtract(payload, 'amounts', 'Array(Tuple(currency String, amount Int64))')) AS own,
        JSONExtract(payload, 'passed_on', 'Array(Tuple(claw_back_id String, currency String, amount Int64))') AS passed,
        arrayConcat(own, arrayMap(p -> (subject_id, p.2, -p.3), passed), arrayMap(p -> (p.1, p.2, p.3), passed)) AS moved
      FROM {database}.events
      WHERE type IN ('claw_back.done', 'claw_back.undone')
    )
    ARRAY JOIN moved AS part
    GROUP BY project_id, claw_back_id, currency
  ) AS kept
  INNER JOIN
  (
    SELECT
      project_id, subject_id AS claw_back_id,
      argMax(occurred_at, position) AS done_at,
      argMax(JSONExtractString(payload, 'reviewer', 'id'), position) AS reviewer_id,
      argMax(JSONExtractString(payload, 'reviewer', 'name'), position) AS name
    FROM (SELECT *, (recorded_at, outbox_xid, outbox_seq) AS position FROM {database}.events)
    WHERE type = 'claw_back.done'
    GROUP BY project_id, claw_back_id
  ) AS done USING (project_id, claw_back_id)
  WHERE amount != 0
) AS parts
GROUP BY project_id, day, reviewer_id, currency;
