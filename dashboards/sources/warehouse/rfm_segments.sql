-- Grain: an RFM segment, in the chosen currency; customers without any order stand in the empty one.
SELECT
  rfm_segment, sum(customers_count) AS customers_count, sum(s.orders_count) AS orders_count,
  sum(s.orders_amount) AS orders_amount, sum(s.redemptions_count) AS redemptions_count,
  sum(s.discount_amount) AS discount_amount,
  if(sum(s.orders_count) > 0, sum(s.orders_amount) / sum(s.orders_count), NULL) AS average_order_amount,
  any(s.discounted_orders_share) AS discounted_orders_share
FROM rfm_segments AS s
WHERE project_id = {project: String} AND (currency = {currency: String} OR currency = '')
GROUP BY rfm_segment
ORDER BY orders_amount DESC, rfm_segment
