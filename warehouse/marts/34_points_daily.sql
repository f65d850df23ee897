-- Grain: project × UTC day on which points moved. The liability of the points programme: `open_points` is what all
-- accounts together held when the day ended.
CREATE OR REPLACE VIEW {database}.points_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day',
  earned_points Int64 COMMENT 'Earned that day',
  revoked_points Int64 COMMENT 'Earned before and taken back that day, because their redemption was rolled back',
  spent_points Int64 COMMENT 'Spent on redemptions that day',
  returned_points Int64 COMMENT 'Spent before and given back that day',
  exchanged_points Int64 COMMENT 'Exchanged for vouchers that day',
  expired_points Int64 COMMENT 'Expired unused that day: breakage',
  adjusted_points Int64 COMMENT 'Given, or when negative taken, by hand that day',
  net_points Int64 COMMENT 'By how much all accounts together grew that day',
  open_points Int64 COMMENT 'What all accounts together held when the day ended',
  customers_count UInt64 COMMENT 'Customers whose points moved that day'
)
AS
SELECT
  project_id,
  day,
  earned AS earned_points,
  -revoked AS revoked_points,
  -spent AS spent_points,
  returned AS returned_points,
  -exchanged AS exchanged_points,
  -expired AS expired_points,
  adjusted AS adjusted_points,
  moved AS net_points,
  sum(moved) OVER (PARTITION BY project_id ORDER BY day) AS open_points,
  customers AS customers_count
FROM
(
  SELECT
    project_id,
    toDate(occurred_at) AS day,
    sumIf(changed_by, outcome = 'earned') AS earned,
    sumIf(changed_by, outcome = 'revoked') AS revoked,
    sumIf(changed_by, outcome = 'spent') AS spent,
    sumIf(changed_by, outcome = 'returned') AS returned,
    sumIf(changed_by, outcome = 'exchanged') AS exchanged,
    sumIf(changed_by, outcome = 'expired') AS expired,
    sumIf(changed_by, outcome = 'adjusted') AS adjusted,
    sum(changed_by) AS moved,
    uniqExact(customer) AS customers
  FROM {database}.events
  WHERE type = 'points.changed'
  GROUP BY project_id, day
);
