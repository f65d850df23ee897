-- Which accounts were seen with which card, device, address and IP. The sort key brings those who share a thing next to
-- each other, so that finding who is linked is one walk through a project in the order of the table. Filled by the view
-- below with every insert into events_raw; a copy of an event changes nothing.
--
-- `indexed_at` is when the warehouse first heard of the pair: a pair that is new may link, one that is not cannot.
-- Rows fall away when they are older than the window in which sharing counts.
CREATE TABLE IF NOT EXISTS {database}.account_subjects {on_cluster}
(
  project_id String COMMENT 'The tenant',
  kind LowCardinality(String) COMMENT 'card, device, address or ip',
  subject String COMMENT 'Keyed hash of the card, device, address or IP',
  customer String COMMENT 'The shop''s identifier of the customer',
  first_seen_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'When the customer was first seen with it',
  last_seen_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When last',
  indexed_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'When the warehouse first heard of it, by its own clock',
  INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (project_id, kind, subject, customer)
TTL toDateTime(last_seen_at) + INTERVAL 91 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.account_subjects_index {on_cluster}
TO {database}.account_subjects AS
SELECT
  CAST(project_id, 'String') AS project_id,
  kind,
  subject,
  customer,
  min(occurred_at) AS first_seen_at,
  max(occurred_at) AS last_seen_at,
  now64(3, 'UTC') AS indexed_at
FROM {database}.events_raw
ARRAY JOIN mapKeys(signals) AS kind, mapValues(signals) AS subject
WHERE customer != '' AND subject != '' AND kind IN ('card', 'device', 'address', 'ip')
GROUP BY project_id, kind, subject, customer;

-- Which things were seen, since when: what a pass of the worker looks at again. Like customers_changed.
CREATE TABLE IF NOT EXISTS {database}.account_subjects_changed {on_cluster}
(
  project_id String COMMENT 'The tenant',
  kind LowCardinality(String) COMMENT 'card, device, address or ip',
  subject String COMMENT 'Keyed hash of the card, device, address or IP',
  marked_at DateTime64(3, 'UTC') COMMENT 'When the row of events_raw was inserted, by the clock of the warehouse'
)
ENGINE = {engine:MergeTree}
PARTITION BY toDate(marked_at)
ORDER BY (marked_at, project_id, kind, subject)
TTL toDateTime(marked_at) + INTERVAL 3 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.account_subjects_mark {on_cluster}
TO {database}.account_subjects_changed AS
SELECT DISTINCT CAST(project_id, 'String') AS project_id, kind, subject, now64(3, 'UTC') AS marked_at
FROM {database}.events_raw
ARRAY JOIN mapKeys(signals) AS kind, mapValues(signals) AS subject
WHERE customer != '' AND subject != '' AND kind IN ('card', 'device', 'address', 'ip');

-- Grain: an account that shares something with another one. Which cluster it is in; written by the worker, only where
-- something changed. `gone` takes an account out again. Read `linked_accounts`.
CREATE TABLE IF NOT EXISTS {database}.account_clusters {on_cluster}
(
  project_id String COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  cluster_id String COMMENT 'The cluster; when two grow together, the older one''s',
  first_seen_at DateTime64(3, 'UTC') COMMENT 'When the customer was first seen with anything that links',
  version UInt64 COMMENT 'Microseconds since 1970 of the pass that wrote the row; the newest counts',
  gone UInt8 COMMENT '1 where nothing links the customer any more'
)
ENGINE = {engine:ReplacingMergeTree}(version, gone)
ORDER BY (project_id, customer);

-- How far the worker has come, project by project. The newest row counts.
CREATE TABLE IF NOT EXISTS {database}.account_clusters_pass {on_cluster}
(
  finished_at DateTime64(3, 'UTC') COMMENT 'When the pass ended',
  started_at DateTime64(3, 'UTC') COMMENT 'When it began, by the clock of the warehouse: what was marked before is in it',
  whole UInt8 COMMENT '1 for a pass over all projects, changed or not',
  projects_count UInt64 COMMENT 'Projects computed'
)
ENGINE = {engine:MergeTree}
ORDER BY finished_at
TTL toDateTime(finished_at) + INTERVAL 90 DAY;
