-- Do customers stay? By month of their first paid order: how many bought again in each later month.
WITH first_orders AS
(
  SELECT customer, min(toStartOfMonth(paid_at)) AS cohort
  FROM orders
  WHERE status = 'paid' AND customer != '' AND paid_at IS NOT NULL
  GROUP BY customer
)
SELECT
  f.cohort AS cohort,
  dateDiff('month', f.cohort, toStartOfMonth(o.paid_at)) AS months_later,
  uniqExact(o.customer) AS customers
FROM orders AS o
INNER JOIN first_orders AS f ON f.customer = o.customer
WHERE o.status = 'paid' AND o.paid_at IS NOT NULL
GROUP BY cohort, months_later
ORDER BY cohort, months_later
