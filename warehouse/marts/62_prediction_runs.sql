-- Grain: a run of the predictions over one project. Whether there are predictions, as of when, and if not, why.
CREATE OR REPLACE VIEW {database}.prediction_runs {on_cluster}
(
  project_id String COMMENT 'The tenant',
  as_of DateTime64(3, 'UTC') COMMENT 'When the run began',
  finished_at DateTime64(3, 'UTC') COMMENT 'When it ended',
  outcome String COMMENT 'predicted, too_few_repeat_customers or too_short_history',
  model String COMMENT 'Name and version of the model; empty without predictions',
  customers_count UInt64 COMMENT 'Customers with a paid order',
  repeat_customers_count UInt64 COMMENT 'Of these, with more than one',
  orders_count UInt64 COMMENT 'Their paid orders',
  predicted_count UInt64 COMMENT 'Customers of whom something was predicted',
  level Float64 COMMENT 'By which expectations were multiplied: how much more was bought than was foretold within the known time; 0 without predictions',
  is_latest UInt8 COMMENT '1 for the newest run of the project'
)
AS
SELECT
  project_id,
  as_of,
  finished_at,
  outcome,
  model,
  customers_count,
  repeat_customers_count,
  orders_count,
  predicted_count,
  JSONExtractFloat(parameters, 'level') AS level,
  row_number() OVER (PARTITION BY project_id ORDER BY as_of DESC) = 1 AS is_latest
FROM {database}.customer_prediction_runs;
