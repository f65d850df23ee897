-- Which budgets run out before their campaign does, and when? With the interval in which that day lies in 95 of 100 cases.
SELECT
  campaign_name,
  currency,
  budget_amount / 100 AS budget,
  round(used_share, 3) AS used_share,
  round(daily_amount / 100, 2) AS a_day,
  forecast_exhausted_on,
  forecast_earliest_on,
  forecast_latest_on,
  ends_on,
  alert
FROM campaign_pace
ORDER BY alert = '' ASC, forecast_exhausted_on ASC NULLS LAST, used_share DESC
