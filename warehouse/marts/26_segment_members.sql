-- Grain: segment × customer. Who is, or was, in a segment: by what was announced last.
CREATE OR REPLACE VIEW {database}.segment_members {on_cluster}
(
  project_id String COMMENT 'The tenant',
  segment_id String COMMENT 'Id of the segment',
  segment_name String COMMENT 'Its name when the customer last entered or left',
  customer String COMMENT 'The shop''s identifier of the customer',
  member UInt8 COMMENT '1 while the customer is in the segment',
  entered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the customer last entered',
  left_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the customer left; null for a member',
  entries_count UInt64 COMMENT 'Times the customer entered'
)
AS
SELECT
  project_id,
  subject_id AS segment_id,
  argMax(name, (recorded_at, event_id)) AS segment_name,
  customer,
  argMax(type = 'segment.entered', (recorded_at, event_id)) AS member,
  maxOrNullIf(occurred_at, type = 'segment.entered') AS entered_at,
  if(member = 1, NULL, maxOrNullIf(occurred_at, type = 'segment.left')) AS left_at,
  countIf(type = 'segment.entered') AS entries_count
FROM {database}.events
WHERE type IN ('segment.entered', 'segment.left') AND customer != ''
GROUP BY project_id, segment_id, customer;
