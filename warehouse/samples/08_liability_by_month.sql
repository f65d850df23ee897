-- What do we owe at each month's end: credit on gift cards (money) and points (points, currency empty)?
SELECT
  kind,
  currency,
  toStartOfMonth(day) AS month,
  sum(issued_amount) AS issued,
  sum(spent_amount) AS spent,
  sum(expired_amount) AS expired,
  argMax(open_amount, day) AS open_at_the_end
FROM liabilities_daily
GROUP BY kind, currency, month
ORDER BY kind, currency, month
