-- Grain: project × kind × currency × UTC day on which anything moved or expired. What the shop owes its customers.
-- A gift card's rest expires at its expires_at, on that day; what comes back to it later expires at once. The flows of
-- a day may lie in the future of others: a card that will expire next year has no row for that day before it comes.
-- Points have no currency and are never added to money.
CREATE OR REPLACE VIEW {database}.liabilities_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  kind String COMMENT 'gift_card or points',
  currency String COMMENT 'ISO 4217; empty for points. All amounts of the row are in its minor units, or points',
  day Date COMMENT 'UTC day',
  issued_amount Int64 COMMENT 'Issued, credited or earned that day, less what was taken back of it; points given or taken by hand, too',
  spent_amount Int64 COMMENT 'Spent or exchanged that day, less what rollbacks gave back',
  expired_amount Int64 COMMENT 'Expired unused that day: breakage',
  net_amount Int64 COMMENT 'By how much the liability grew that day: issued_amount − spent_amount − expired_amount',
  open_amount Int64 COMMENT 'What was open when the day ended'
)
AS
WITH
  -- Every movement counts when it happens, and again, against it, when its card expires.
  cards AS
  (
    SELECT
      project_id, currency, kind, change_amount,
      arrayJoin(if(expires_at <= now64(3), [(day, 0), (toDate(greatest(occurred_at, assumeNotNull(expires_at))), 1)], [(day, 0)])) AS part
    FROM {database}.gift_card_moves
  ),
  parts AS
  (
    SELECT
      project_id, 'gift_card' AS kind, currency, part.1 AS day,
      sumIf(change_amount, part.2 = 0 AND cards.kind IN ('issued', 'credited')) AS issued,
      -sumIf(change_amount, part.2 = 0 AND cards.kind IN ('spent', 'returned')) AS spent,
      sumIf(change_amount, part.2 = 1) AS expired
    FROM cards
    GROUP BY project_id, currency, day
    UNION ALL
    SELECT
      project_id, 'points' AS kind, '' AS currency, toDate(occurred_at) AS day,
      sumIf(changed_by, outcome IN ('earned', 'revoked', 'adjusted')) AS issued,
      -sumIf(changed_by, outcome IN ('spent', 'exchanged', 'returned')) AS spent,
      -sumIf(changed_by, outcome = 'expired') AS expired
    FROM {database}.events
    WHERE type = 'points.changed'
    GROUP BY project_id, day
  )
SELECT
  project_id,
  kind,
  currency,
  day,
  issued AS issued_amount,
  spent AS spent_amount,
  expired AS expired_amount,
  issued - spent - expired AS net_amount,
  sum(issued - spent - expired) OVER (PARTITION BY project_id, kind, currency ORDER BY day) AS open_amount
FROM parts;
