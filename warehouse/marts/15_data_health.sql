-- Grain: project × event type. How far the warehouse has come: the "as of" of every report.
CREATE OR REPLACE VIEW {database}.data_health {on_cluster}
(
  project_id String COMMENT 'The tenant',
  type String COMMENT 'Event type',
  events_count UInt64 COMMENT 'Events of the type',
  first_occurred_at DateTime64(3, 'UTC') COMMENT 'Oldest, by the time it happened',
  last_occurred_at DateTime64(3, 'UTC') COMMENT 'Newest, by the time it happened',
  last_recorded_at DateTime64(6, 'UTC') COMMENT 'Newest, by the time the service wrote it down: reports are as of then'
)
AS
SELECT
  project_id,
  type,
  count() AS events_count,
  min(occurred_at) AS first_occurred_at,
  max(occurred_at) AS last_occurred_at,
  max(recorded_at) AS last_recorded_at
FROM {database}.events
GROUP BY project_id, type;
