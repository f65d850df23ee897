-- Grain: day × currency.
SELECT
  day, currency, validations_count, redemptions_count, rejections_count, rollbacks_count, net_redemptions_count,
  net_discount_amount, redeemed_revenue_amount, orders_count, orders_amount, customers_count, flagged_count
FROM overview_daily
WHERE project_id = {project: String}
ORDER BY day, currency
