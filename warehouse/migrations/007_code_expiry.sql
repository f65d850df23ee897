-- Until when each code of a redemption is good: which part of a batch of gift cards was spent before it expired.
ALTER TABLE {database}.events_raw {on_cluster}
  ADD COLUMN IF NOT EXISTS `codes.expires_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Until when the voucher is good; in redemptions only, null when for ever or not told' AFTER `codes.discount_amount`;
