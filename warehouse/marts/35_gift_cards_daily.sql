-- Grain: gift-card campaign × UTC day on which credit moved. The liability of gift cards: `open_amount` is what the
-- campaign's cards held together when the day ended, cards past their expiry included: what they still hold is breakage.
-- Balance that a reservation holds counts as open until it is confirmed.
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
WITH
  paid AS
  (
    SELECT project_id, redemption_id, code, campaign_id, occurred_at, discount_amount
    FROM {database}.redemptions
    WHERE gift_card = 1
  ),
  given_back AS
  (
    SELECT project_id, redemption_id, given_code.1 AS code, given_code.2 AS campaign_id, occurred_at, given_code.3 AS amount
    FROM {database}.events
    ARRAY JOIN arrayZip(codes.code, codes.campaign_id, codes.discount_amount) AS given_code
    WHERE type = 'redemption.rolled_back'
  ),
  parts AS
  (
    SELECT project_id, campaign_id, toDate(occurred_at) AS day,
      sumIf(if(type = 'voucher.created', balance, changed_by), type != 'gift_card.credited') AS issued,
      sumIf(changed_by, type = 'gift_card.credited') AS credited, 0 AS spent, 0 AS returned, 0 AS payments
    FROM {database}.events
    WHERE (type = 'voucher.created' AND balance > 0)
      OR (type IN ('voucher_batch.completed', 'voucher_batch.cancelled') AND changed_by > 0)
      OR type = 'gift_card.credited'
    GROUP BY project_id, campaign_id, day
    UNION ALL
    SELECT project_id, campaign_id, toDate(occurred_at) AS day, 0, 0, sum(discount_amount), 0, count()
    FROM paid
    GROUP BY project_id, campaign_id, day
    UNION ALL
    SELECT b.project_id, b.campaign_id, toDate(b.occurred_at) AS day, 0, 0, 0, sum(b.amount), 0
    FROM given_back AS b
    INNER JOIN paid AS p
      ON p.project_id = b.project_id AND p.redemption_id = b.redemption_id AND p.code = b.code
      AND p.campaign_id = b.campaign_id
    GROUP BY b.project_id, b.campaign_id, day
  )
SELECT
  moved.project_id AS project_id,
  moved.campaign_id AS campaign_id,
  moved.day AS day,
  ifNull(c.last.currency, '') AS currency,
  moved.issued AS issued_amount,
  moved.credited AS credited_amount,
  moved.spent AS spent_amount,
  moved.returned AS returned_amount,
  issued_amount + credited_amount - spent_amount + returned_amount AS net_amount,
  sum(moved.issued + moved.credited - moved.spent + moved.returned)
    OVER (PARTITION BY moved.project_id, moved.campaign_id ORDER BY moved.day) AS open_amount,
  moved.payments AS payments_count
FROM
(
  SELECT project_id, campaign_id, day, sum(issued) AS issued, sum(credited) AS credited, sum(spent) AS spent,
    sum(returned) AS returned, sum(payments) AS payments
  FROM parts
  GROUP BY project_id, campaign_id, day
) AS moved
LEFT JOIN {database}.latest_campaigns AS c ON c.project_id = moved.project_id AND c.campaign_id = moved.campaign_id;
