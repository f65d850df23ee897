-- What did campaigns with a holdout really change? Conversion of those who could use it beside those kept away from it.
-- For intervals and the verdict read the campaign's report, GET /v1/campaigns/{id}/report: a difference alone proves nothing.
SELECT
  campaign_id,
  arm,
  currency,
  sum(customers_count) AS customers,
  round(sum(converted_count) / nullIf(customers, 0), 4) AS conversion,
  round(sum(revenue_amount) / 100 / nullIf(customers, 0), 2) AS revenue_a_customer,
  sum(discount_amount) / 100 AS discount
FROM campaign_arms
GROUP BY campaign_id, arm, currency
ORDER BY campaign_id, currency, arm
