-- What the lines of an order cost the shop, for margins. Lines from before, and of shops that do not say, have no cost:
-- ClickHouse fills the new array of old rows with as many nulls as their other `items` have entries.
ALTER TABLE {database}.events_raw {on_cluster}
  ADD COLUMN IF NOT EXISTS `items.unit_cost_amount` Array(Nullable(Int64)) COMMENT 'What one unit of the line costs the shop; null where it does not say' AFTER `items.discount_amount`;
