-- Grain: recency × frequency of customers who have bought, in the chosen currency.
SELECT
  toInt32(rfm_recency) AS recency, toInt32(rfm_frequency) AS frequency, count() AS customers_count,
  sum(orders_amount) AS orders_amount
FROM customers_rfm
WHERE project_id = {project: String} AND currency = {currency: String} AND rfm_recency > 0
GROUP BY recency, frequency
ORDER BY recency, frequency
