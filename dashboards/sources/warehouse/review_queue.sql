-- Grain: the queue of reviews as it is now, in one row; amounts of the chosen currency.
SELECT
  countIf(status = 'open') AS open_count, countIf(status = 'held') AS held_count, countIf(overdue = 1) AS overdue_count,
  minOrNull(opened_at) AS oldest_opened_at, sumIf(amount_at_risk, currency = {currency: String}) AS at_risk_amount
FROM reviews
WHERE project_id = {project: String} AND status IN ('open', 'held')
