-- Grain: a customer who has bought, as of as_of. What is predicted of them; written by the worker, for all customers of a
-- project at once. Rows of an older run are removed after the run that replaced them. Read `customer_predictions`.
CREATE TABLE IF NOT EXISTS {database}.customer_predictions_raw {on_cluster}
(
  project_id LowCardinality(String) COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  as_of DateTime64(3, 'UTC') COMMENT 'When the run began that made the row: everything before it is in it',
  model LowCardinality(String) COMMENT 'Name and version of the model',
  currency LowCardinality(String) COMMENT 'ISO 4217, what the customer pays most orders in; all amounts of the row are in its minor units',
  probability_alive Float64 COMMENT 'That the customer has not left for good',
  expected_orders_90d Float64 COMMENT 'Days with an order that are expected within 90 days',
  expected_orders_365d Float64 COMMENT 'The same within 365 days',
  expected_orders_365d_low Float64 COMMENT 'Its 5 % quantile',
  expected_orders_365d_high Float64 COMMENT 'Its 95 % quantile',
  predicted_value_amount_365d Nullable(Float64) COMMENT 'What the customer is expected to pay within 365 days; null where no spending is known',
  predicted_value_amount_365d_low Nullable(Float64) COMMENT 'Its 5 % quantile',
  predicted_value_amount_365d_high Nullable(Float64) COMMENT 'Its 95 % quantile',
  engagement Float64 COMMENT '0 to 1: the mean of four parts, see docs/lifetime.md',
  category_preference Array(Tuple(category String, share Float64, lift Float64)) COMMENT 'Categories by the share of units the customer is expected to take of them, and that share over the project''s; strongest lift first, five at most',
  discount_preference Nullable(Float64) COMMENT 'Share of orders with a discount over the project''s share; 1 is as others do; null where the project has no discounts'
)
ENGINE = {engine:ReplacingMergeTree}(as_of)
ORDER BY (project_id, customer);

-- Grain: a run over one project. Why there are no predictions stands in `outcome`.
CREATE TABLE IF NOT EXISTS {database}.customer_prediction_runs {on_cluster}
(
  project_id LowCardinality(String) COMMENT 'The tenant',
  as_of DateTime64(3, 'UTC') COMMENT 'When the run began, by the clock of the warehouse',
  finished_at DateTime64(3, 'UTC') COMMENT 'When it ended',
  outcome LowCardinality(String) COMMENT 'predicted, too_few_repeat_customers or too_short_history',
  model LowCardinality(String) COMMENT 'Name and version of the model; empty without predictions',
  customers_count UInt64 COMMENT 'Customers with a paid order',
  repeat_customers_count UInt64 COMMENT 'Of these, with more than one',
  orders_count UInt64 COMMENT 'Their paid orders',
  predicted_count UInt64 COMMENT 'Customers of whom something was predicted',
  parameters String COMMENT 'The fitted model, JSON; empty without predictions'
)
ENGINE = {engine:MergeTree}
ORDER BY (project_id, as_of)
TTL toDateTime(as_of) + INTERVAL 400 DAY;
