-- Whom an attempt or order came from, as far as the shop said: hashes by a key of the project. A map, as most events have
-- none and a new kind needs no column.
ALTER TABLE {database}.events_raw {on_cluster}
  ADD COLUMN IF NOT EXISTS signals Map(LowCardinality(String), String) COMMENT 'Of attempts and orders: keyed hashes of device, ip, network, asn, card, address and email_shape, and account_age_seconds; empty after an erasure' AFTER model;
