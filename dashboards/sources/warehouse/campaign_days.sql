-- Grain: UTC day of the chosen campaign, from its first in the period before to its last, days without events included.
-- `chosen` tells the two periods apart.
SELECT
  day, toInt32(day >= {since: Date}) AS chosen, published_count, validations_count, valid_count, redemptions_count,
  rejections_count, rollbacks_count, net_redemptions_count, net_discount_amount, orders_count, revenue_amount,
  customers_count, new_customers_count, margin_orders_count, margin_amount
FROM
(
  SELECT
    day, published_count, validations_count, valid_count, redemptions_count, rejections_count, rollbacks_count,
    net_redemptions_count, net_discount_amount, orders_count, revenue_amount, customers_count, new_customers_count,
    margin_orders_count, margin_amount
  FROM campaigns_daily
  WHERE project_id = {project: String} AND campaign_id = {campaign: String} AND day BETWEEN {before: Date} AND {until: Date}
  ORDER BY day WITH FILL
)
ORDER BY day
