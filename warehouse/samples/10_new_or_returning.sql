-- Which campaigns bring new customers, and what does one of them cost in discount?
SELECT
  campaign_name,
  currency,
  sum(customers_count) AS customers_by_day,
  sum(new_customers_count) AS new_customers,
  round(new_customers / nullIf(customers_by_day, 0), 3) AS new_share,
  round(sum(net_discount_amount) / 100 / nullIf(new_customers, 0), 2) AS discount_a_new_customer
FROM campaigns_daily
WHERE campaign_type = 'sub'
GROUP BY campaign_id, campaign_name, currency
HAVING customers_by_day > 0
ORDER BY new_customers DESC
LIMIT 50
