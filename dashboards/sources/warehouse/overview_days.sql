-- Grain: UTC day, from the first of the period before the chosen one to its last, days without events included.
-- `chosen` tells the two periods apart.
SELECT
  day, toInt32(day >= {since: Date}) AS chosen, validations_count, redemptions_count, rejections_count, rollbacks_count,
  net_redemptions_count, net_discount_amount, redeemed_revenue_amount, orders_count, orders_amount, flagged_count
FROM
(
  SELECT
    day, validations_count, redemptions_count, rejections_count, rollbacks_count, net_redemptions_count,
    net_discount_amount, redeemed_revenue_amount, orders_count, orders_amount, flagged_count
  FROM overview_daily
  WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {before: Date} AND {until: Date}
  ORDER BY day WITH FILL FROM {before: Date} TO {until: Date} + 1
)
ORDER BY day
