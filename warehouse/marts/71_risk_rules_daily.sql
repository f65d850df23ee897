-- Grain: UTC day × rule × mode. How often each rule fires, and what reviewers made of it.
-- Mode live: the rule was enabled; shadow: it only watched; late: it fired when the redemption was scored again.
CREATE OR REPLACE VIEW {database}.risk_rules_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day of the attempt, or of the later score',
  rule_id String COMMENT 'Id of the rule',
  mode String COMMENT 'live, shadow or late',
  fired_count UInt64 COMMENT 'Attempts on which it fired',
  acted_count UInt64 COMMENT 'Of those, not allowed: flagged, held or rejected, by whichever cause',
  confirmed_count UInt64 COMMENT 'Of those on which it fired, confirmed by a reviewer as of now',
  dismissed_count UInt64 COMMENT 'Of those on which it fired, dismissed by a reviewer as of now: false alarms'
)
AS
WITH
  labels AS
  (
    SELECT project_id, name AS subject, argMax(toString(outcome), (recorded_at, event_id)) AS label
    FROM {database}.events
    WHERE type IN ('review.decided', 'review.reopened')
    GROUP BY project_id, name
  ),
  fired AS
  (
    SELECT project_id, subject_id, occurred_at, risk_action, fire.1 AS rule_id, fire.2 AS mode
    FROM
    (
      SELECT
        project_id, subject_id, occurred_at, risk_action,
        JSONExtract(payload, 'risk', 'rules', 'Array(String)') AS rules,
        if(type = 'risk.rescored', [], JSONExtract(payload, 'risk', 'shadow', 'rules', 'Array(String)')) AS watching,
        arrayConcat(
          arrayMap(rule -> (rule, if(type = 'risk.rescored', 'late', 'live')), rules),
          arrayMap(rule -> (rule, 'shadow'), watching)) AS fires
      FROM {database}.events
      WHERE type IN ('redemption.succeeded', 'redemption.rejected', 'reservation.created', 'risk.rescored')
        AND risk_action != ''
        AND if(type = 'reservation.created', outcome = 'held_for_review', NOT (type = 'redemption.succeeded' AND risk_action = 'hold'))
    )
    ARRAY JOIN fires AS fire
  )
SELECT
  fired.project_id AS project_id,
  toDate(fired.occurred_at) AS day,
  fired.rule_id AS rule_id,
  fired.mode AS mode,
  count() AS fired_count,
  countIf(fired.risk_action != 'allow') AS acted_count,
  countIf(labels.label = 'confirmed') AS confirmed_count,
  countIf(labels.label = 'dismissed') AS dismissed_count
FROM fired
LEFT JOIN labels ON labels.project_id = fired.project_id AND labels.subject = fired.subject_id
GROUP BY project_id, day, rule_id, mode;
