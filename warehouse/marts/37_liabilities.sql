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
WITH
  accounts AS
  (
    SELECT project_id, 'gift_card' AS kind, currency, sum(cards_count) AS accounts
    FROM {database}.gift_card_moves
    GROUP BY project_id, currency
    UNION ALL
    SELECT project_id, 'points' AS kind, '' AS currency, uniqExact(customer) AS accounts
    FROM {database}.events
    WHERE type = 'points.changed'
    GROUP BY project_id
  )
SELECT
  f.project_id AS project_id,
  f.kind AS kind,
  f.currency AS currency,
  f.issued AS issued_amount,
  f.spent AS spent_amount,
  f.expired AS expired_amount,
  f.issued - f.spent - f.expired AS open_amount,
  a.accounts AS accounts_count,
  if(f.issued > 0, f.expired / f.issued, NULL) AS breakage_share
FROM
(
  SELECT project_id, kind, currency, sum(issued_amount) AS issued, sum(spent_amount) AS spent, sum(expired_amount) AS expired
  FROM {database}.liabilities_daily
  GROUP BY project_id, kind, currency
) AS f
LEFT JOIN accounts AS a ON a.project_id = f.project_id AND a.kind = f.kind AND a.currency = f.currency;
