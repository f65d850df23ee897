-- Which campaigns of the last 90 days left the most margin, and what did each unit of discount bring?
-- Margin is null where a shop does not report the cost of its lines; those come last.
SELECT
  campaign_name,
  currency,
  sum(net_redemptions_count) AS redemptions,
  sum(revenue_amount) / 100 AS revenue,
  sum(net_discount_amount) / 100 AS discount,
  if(countIf(margin_amount IS NULL AND redemptions_count > 0) > 0, NULL, sum(margin_amount)) / 100 AS margin,
  round(margin / nullIf(discount, 0), 2) AS margin_per_discount
FROM campaigns_daily
WHERE campaign_type = 'sub' AND day >= (SELECT max(day) FROM campaigns_daily) - 90
GROUP BY campaign_id, campaign_name, currency
HAVING redemptions > 0
ORDER BY margin DESC NULLS LAST, revenue DESC
LIMIT 50
