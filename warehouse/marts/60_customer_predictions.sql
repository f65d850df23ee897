-- Grain: a customer who has bought. What is predicted of them, as of as_of: docs/lifetime.md. No row where a project has too little data to learn from.
CREATE OR REPLACE VIEW {database}.customer_predictions {on_cluster}
(
  project_id String COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  as_of DateTime64(3, 'UTC') COMMENT 'Everything that the warehouse had before this is in the prediction',
  model String COMMENT 'Name and version of the model',
  currency String COMMENT 'ISO 4217, what the customer pays most orders in; all amounts of the row are in its minor units',
  probability_alive Float64 COMMENT 'That the customer has not left for good',
  expected_orders_90d Float64 COMMENT 'Days with an order that are expected within 90 days from as_of',
  expected_orders_365d Float64 COMMENT 'The same within 365 days',
  expected_orders_365d_low Float64 COMMENT 'Its 5 % quantile',
  expected_orders_365d_high Float64 COMMENT 'Its 95 % quantile',
  predicted_value_amount_365d Nullable(Float64) COMMENT 'What the customer is expected to pay within 365 days; null where no spending is known',
  predicted_value_amount_365d_low Nullable(Float64) COMMENT 'Its 5 % quantile',
  predicted_value_amount_365d_high Nullable(Float64) COMMENT 'Its 95 % quantile',
  engagement Float64 COMMENT '0 to 1: the mean of four parts, of being alive, being seen lately, ordering often and trying promotions',
  preferred_category String COMMENT 'Category that the customer prefers most, compared with the others of the project; empty where none is known',
  category_preference Array(Tuple(category String, share Float64, lift Float64)) COMMENT 'Categories by the share of units the customer is expected to take of them, and that share over the project''s; strongest lift first, five at most',
  discount_preference Nullable(Float64) COMMENT 'Share of orders with a discount over the project''s share; 1 is as others do; null where the project has no discounts'
)
AS
SELECT
  project_id,
  customer,
  as_of,
  model,
  currency,
  probability_alive,
  expected_orders_90d,
  expected_orders_365d,
  expected_orders_365d_low,
  expected_orders_365d_high,
  predicted_value_amount_365d,
  predicted_value_amount_365d_low,
  predicted_value_amount_365d_high,
  engagement,
  if(empty(category_preference), '', category_preference[1].1) AS preferred_category,
  category_preference,
  discount_preference
FROM {database}.customer_predictions_raw FINAL;
