-- Grain: kind × UTC day on which anything moved, in the chosen days; gift cards in the chosen currency.
SELECT kind, day, issued_amount, spent_amount, expired_amount, net_amount, open_amount
FROM liabilities_daily
WHERE project_id = {project: String} AND day BETWEEN {since: Date} AND {until: Date}
  AND (kind = 'points' OR currency = {currency: String})
ORDER BY kind, day
