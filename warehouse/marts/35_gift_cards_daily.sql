-- Grain: gift-card campaign × UTC day on which credit moved. The liability of gift cards: `open_amount` is what the
-- campaign's cards held together when the day ended, cards past their expiry included: what they still hold is breakage.
-- Built on gift_card_moves. Balance that a reservation holds counts as open until it is confirmed.
CREATE OR REPLACE VIEW {database}.gift_cards_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the sub-campaign',
  day Date COMMENT 'UTC day',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  issued_amount Int64 COMMENT 'What cards made that day were issued with',
  credited_amount Int64 COMMENT 'Added to cards that day, by rewards or by hand, less what was taken back',
  spent_amount Int64 COMMENT 'Paid with cards that day',
  returned_amount Int64 COMMENT 'Paid before and given back to the cards that day, by rollbacks',
  net_amount Int64 COMMENT 'By how much the cards together grew that day',
  open_amount Int64 COMMENT 'What the cards held together when the day ended',
  payments_count UInt64 COMMENT 'Payments with a card that day'
)
AS
SELECT
  project_id,
  campaign_id,
  day,
  money AS currency,
  issued AS issued_amount,
  credited AS credited_amount,
  spent AS spent_amount,
  returned AS returned_amount,
  issued + credited - spent + returned AS net_amount,
  sum(issued + credited - spent + returned) OVER (PARTITION BY project_id, campaign_id ORDER BY day) AS open_amount,
  payments AS payments_count
FROM
(
  SELECT
    project_id, campaign_id, day, any(currency) AS money,
    sumIf(change_amount, kind = 'issued') AS issued,
    sumIf(change_amount, kind = 'credited') AS credited,
    -sumIf(change_amount, kind = 'spent') AS spent,
    sumIf(change_amount, kind = 'returned') AS returned,
    countIf(kind = 'spent') AS payments
  FROM {database}.gift_card_moves
  GROUP BY project_id, campaign_id, day
);
