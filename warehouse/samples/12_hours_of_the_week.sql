-- When are codes redeemed? Counts by weekday (1 is Monday) and hour, UTC.
SELECT
  toDayOfWeek(occurred_at) AS weekday,
  toHour(occurred_at) AS hour,
  uniqExact(redemption_id) AS redemptions,
  sum(net_discount_amount) / 100 AS discount
FROM redemptions
GROUP BY weekday, hour
ORDER BY weekday, hour
