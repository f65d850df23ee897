-- What the complete engine announces: points, gift cards, rewards beside money off. Rows from before have defaults.
ALTER TABLE {database}.events_raw {on_cluster}
  ADD COLUMN IF NOT EXISTS `rewards.code_position` Array(UInt16) COMMENT 'What the codes of a validation, reservation, redemption or rejection gave: place of the code, from 1' AFTER risk_action,
  ADD COLUMN IF NOT EXISTS `rewards.type` Array(LowCardinality(String)) COMMENT 'order_discount, points, gift_card …' AFTER `rewards.code_position`,
  ADD COLUMN IF NOT EXISTS `rewards.discount_amount` Array(Int64) COMMENT 'Money off the order' AFTER `rewards.type`,
  ADD COLUMN IF NOT EXISTS `rewards.given` Array(Int64) COMMENT 'Points, or minor units of credit' AFTER `rewards.discount_amount`,
  ADD COLUMN IF NOT EXISTS changed_by Int64 COMMENT 'What an account gained or, negative, lost: points, credit of a gift card, points or credit of a reward; what the gift cards of a batch hold together; failures of code guessing' AFTER `rewards.given`,
  ADD COLUMN IF NOT EXISTS balance Int64 COMMENT 'What the points account, gift card or pool held then, this change included' AFTER changed_by,
  MODIFY COLUMN subject_id COMMENT 'What the event is about: id of the redemption, reservation, rejection, rollback, validation, order, campaign, voucher, publication, batch, offer decision, points entry, reward, pool, segment or custom event',
  MODIFY COLUMN redemption_id COMMENT 'The redemption made or rolled back, that a reservation will make, or that gave a reward',
  MODIFY COLUMN campaign_id COMMENT 'The campaign of a campaign, voucher, gift-card, publication, batch, reward or offer-outcome event; for the campaigns of codes see codes.campaign_id',
  MODIFY COLUMN name COMMENT 'Name of the custom event, campaign, customer, pool or segment',
  MODIFY COLUMN outcome COMMENT 'Validation: valid, invalid. Rollback: whole, part; empty in old events, which are whole. Offer: shown, taken, dismissed. Campaign: its status. Points: kind of movement. Reward: its type',
  MODIFY COLUMN discount_amount COMMENT 'Order: all discounts, on shipping too; of a rollback, what goes back with it';
