-- What segments ask of a customer besides. Rows from before have the empty text, which says that nothing is known.
ALTER TABLE {database}.customers_wide {on_cluster}
  ADD COLUMN IF NOT EXISTS birthday String DEFAULT '' COMMENT 'YYYY-MM-DD; empty when not known' AFTER points_earned,
  ADD COLUMN IF NOT EXISTS consent String DEFAULT '' COMMENT 'What the customer agreed to, by channel, JSON' AFTER birthday,
  ADD COLUMN IF NOT EXISTS metadata String DEFAULT '' COMMENT 'What the shop keeps of the customer besides, JSON' AFTER consent;
