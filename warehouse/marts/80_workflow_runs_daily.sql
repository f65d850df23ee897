-- Grain: workflow × UTC day × outcome. Runs of workflows by what became of them, on the day it did. `started` counts those
-- that began; a run that failed and was replayed counts as failed and as what it became in the end.
CREATE OR REPLACE VIEW {database}.workflow_runs_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  workflow_id String COMMENT 'The workflow',
  workflow_name String COMMENT 'Its name, as of its newest run of the day',
  day Date COMMENT 'UTC day',
  outcome String COMMENT 'started; finished; stopped by a condition; skipped before it did anything; cancelled; failed',
  runs_count UInt64 COMMENT 'Runs',
  customers_count UInt64 COMMENT 'Customers whose runs they are',
  reasons Map(String, UInt64) COMMENT 'Runs by the reason that ended them; without those that came to their end'
)
AS
SELECT
  project_id,
  workflow_id,
  argMax(name, at) AS workflow_name,
  day,
  outcome,
  uniqExact(run_id) AS runs_count,
  uniqExactIf(customer, customer != '') AS customers_count,
  mapFilter((k, v) -> k != '', sumMap(map(reason, toUInt64(1)))) AS reasons
FROM
(
  -- A run that failed again on the same day is one run; the reason is the last one.
  SELECT
    project_id,
    JSONExtractString(payload, 'workflow_id') AS workflow_id,
    subject_id AS run_id,
    toDate(occurred_at) AS day,
    outcome,
    argMax(name, (occurred_at, outbox_xid, outbox_seq)) AS name,
    argMax(source, (occurred_at, outbox_xid, outbox_seq)) AS reason,
    any(customer) AS customer,
    max(occurred_at) AS at
  FROM {database}.events
  WHERE type IN ('workflow_run.started', 'workflow_run.finished', 'workflow_run.failed', 'workflow_run.skipped')
  GROUP BY project_id, workflow_id, run_id, day, outcome
)
GROUP BY project_id, workflow_id, day, outcome;
