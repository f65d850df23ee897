-- Grain: a segment of the project, with what its members of now are worth in the chosen currency.
SELECT
  m.segment_id AS segment_id, any(m.segment_name) AS name, count() AS customers_count,
  countIf(m.entered_at >= toDateTime({since: Date})) AS entered_count,
  sum(if(c.currency = {currency: String}, c.orders_amount, 0)) AS orders_amount,
  sum(if(c.currency = {currency: String}, c.discount_amount, 0)) AS discount_amount,
  sum(c.redemptions_count) AS redemptions_count
FROM (SELECT * FROM segment_members WHERE project_id = {project: String} AND member = 1) AS m
LEFT JOIN
(
  SELECT customer, currency, orders_amount, discount_amount, redemptions_count
  FROM customers_rfm WHERE project_id = {project: String}
) AS c ON c.customer = m.customer
GROUP BY segment_id
ORDER BY customers_count DESC, name
LIMIT 500
