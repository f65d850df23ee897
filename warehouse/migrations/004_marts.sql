-- What the marts of liabilities, code inventory and models read. `expires_at` is null in events from before it was
-- announced. `model` has always stood in the payload, and is read from there for rows that were written without it.
ALTER TABLE {database}.events_raw {on_cluster}
  ADD COLUMN IF NOT EXISTS expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when the voucher, or each voucher of the batch, is good; null when for ever, and in events from before they said so' AFTER balance,
  ADD COLUMN IF NOT EXISTS model LowCardinality(String) DEFAULT multiIf(type IN ('redemption.succeeded', 'redemption.rejected'), JSONExtractString(payload, 'risk', 'model'), type = 'offer.served', JSONExtractString(payload, 'model'), '') COMMENT 'name@version of the model that scored the redemption or ranked the offers; empty where none did' AFTER expires_at;

-- Who changed, since when: filled by the view below with every insert into events_raw, however late and by whichever
-- way an event comes, so that the refresher of customers_wide can never miss one. A mark too many costs one
-- recomputation. Old marks fall away: the refresher's pass over everybody is more frequent than that.
CREATE TABLE IF NOT EXISTS {database}.customers_changed {on_cluster}
(
  project_id LowCardinality(String) COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  marked_at DateTime64(3, 'UTC') COMMENT 'When the row of events_raw was inserted, by the clock of the warehouse'
)
ENGINE = {engine:MergeTree}
PARTITION BY toDate(marked_at)
ORDER BY (marked_at, project_id, customer)
TTL toDateTime(marked_at) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.customers_changed_mark {on_cluster}
TO {database}.customers_changed AS
SELECT DISTINCT project_id, customer, now64(3, 'UTC') AS marked_at
FROM {database}.events_raw
WHERE customer != '';

-- How far the refresher of customers_wide has come. One row a pass; the newest counts.
CREATE TABLE IF NOT EXISTS {database}.customers_wide_pass {on_cluster}
(
  finished_at DateTime64(3, 'UTC') COMMENT 'When the pass ended',
  started_at DateTime64(3, 'UTC') COMMENT 'When it began, by the clock of the warehouse: what was marked before is in it',
  whole UInt8 COMMENT '1 for a pass over all customers, changed or not',
  customers_count UInt64 COMMENT 'Customers recomputed'
)
ENGINE = {engine:MergeTree}
ORDER BY finished_at
TTL toDateTime(finished_at) + INTERVAL 90 DAY;

-- Grain: a customer, as of refreshed_at. Read `customers_rfm`; one customer alone is read live, from `customers`.
CREATE TABLE IF NOT EXISTS {database}.customers_wide {on_cluster}
(
  project_id LowCardinality(String) COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  name String COMMENT 'Name, when known',
  attributes String COMMENT 'Attributes, JSON',
  tags String COMMENT 'Category tags, JSON',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when the shop knows the customer',
  first_seen_at DateTime64(3, 'UTC') COMMENT 'First event',
  last_seen_at DateTime64(3, 'UTC') COMMENT 'Newest event',
  currency LowCardinality(String) COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  orders_count UInt64 COMMENT 'Paid orders, not cancelled or refunded since',
  orders_amount Int64 COMMENT 'What they were left to pay',
  average_order_amount Nullable(Float64) COMMENT 'Mean of one of them',
  first_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'First of them',
  last_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest of them',
  redemptions_count Int64 COMMENT 'Redemptions of which something still stands',
  discount_amount Int64 COMMENT 'What still stands of their discount',
  discounted_orders_share Nullable(Float64) COMMENT 'Share of orders_count with a redemption that still stands',
  rejections_count UInt64 COMMENT 'Rejected redemptions',
  validations_count UInt64 COMMENT 'Validations',
  published_count UInt64 COMMENT 'Vouchers given to the customer',
  favourite_category String COMMENT 'Category with the most units bought',
  favourite_categories Array(String) COMMENT 'The three categories with the most units bought, most first',
  favourite_campaign_id String COMMENT 'Campaign with the most codes redeemed',
  favourite_campaign_ids Array(String) COMMENT 'The three campaigns with the most codes redeemed, most first',
  margin_amount Nullable(Int64) COMMENT 'What the paid orders left after discounts and the cost of the goods; null where any cost is unknown',
  gift_card_balance_amount Int64 COMMENT 'What the customer''s gift cards hold, as far as their events say',
  open_vouchers_count UInt64 COMMENT 'Vouchers in hand that can still be used',
  risk_score_max Nullable(Float64) COMMENT 'Highest risk score of a redemption or rejection',
  flagged_count UInt64 COMMENT 'Redemptions and rejections flagged',
  points_balance Int64 COMMENT 'Points of the account',
  points_earned Int64 COMMENT 'Points earned so far, less those taken back',
  refreshed_at DateTime64(3, 'UTC') COMMENT 'As of when the row is, by the clock of the warehouse'
)
ENGINE = {engine:ReplacingMergeTree}(refreshed_at)
ORDER BY (project_id, customer);
