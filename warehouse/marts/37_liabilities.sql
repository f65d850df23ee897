-- Grain: project × kind × currency. What the shop owes its customers now, and what became of all it ever issued:
-- issued_amount = spent_amount + expired_amount + open_amount.
CREATE OR REPLACE VIEW {database}.liabilities {on_cluster}
(
  project_id String COMMENT 'The tenant',
  kind String COMMENT 'gift_card or points',
  currency String COMMENT 'ISO 4217; empty for points. All amounts of the row are in its minor units, or points',
  issued_amount Int64 COMMENT 'Issued, credited or earned so far, less what was taken back of it; points given or taken by hand, too',
  spent_amount Int64 COMMENT 'Spent or exchanged so far, less what rollbacks gave back',
  expired_amount Int64 COMMENT 'Expired unused so far: breakage',
  open_amount Int64 COMMENT 'Open now: the liability',
  accounts_count UInt64 COMMENT 'Gift cards issued; customers whose points ever moved',
  breakage_share Nullable(Float64) COMMENT 'expired_amount / issued_amount; null when nothing was issued'
)
AS
SELECT
  project_id,
  kind,
  currency,
  issued AS issued_amount,
  spent AS spent_amount,
  expired AS expired_amount,
  issued - spent - expired AS open_amount,
  accounts AS accounts_count,
  if(issued > 0, expired / issued, NULL) AS breakage_share
FROM
(
  SELECT
    project_id, 'gift_card' AS kind, currency,
    sumIf(change_amount, moves.kind IN ('issued', 'credited')) AS issued,
    -sumIf(change_amount, moves.kind IN ('spent', 'returned')) AS spent,
    sumIf(change_amount, expires_at <= now64(3)) AS expired,
    toUInt64(sum(cards_count)) AS accounts
  FROM {database}.gift_card_moves AS moves
  GROUP BY project_id, currency
  UNION ALL
  SELECT
    project_id, 'points' AS kind, '' AS currency,
    sumIf(changed_by, outcome IN ('earned', 'revoked', 'adjusted')) AS issued,
    -sumIf(changed_by, outcome IN ('spent', 'exchanged', 'returned')) AS spent,
    -sumIf(changed_by, outcome = 'expired') AS expired,
    uniqExact(customer) AS accounts
  FROM {database}.events
  WHERE type = 'points.changed'
  GROUP BY project_id
);
