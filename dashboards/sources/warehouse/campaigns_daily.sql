-- Grain: campaign × day. The newest days, should there be more rows than a page can hold.
SELECT
  campaign_id, campaign_type, currency, day, published_count, validations_count, valid_count, redemptions_count,
  rejections_count, rollbacks_count, net_redemptions_count, net_discount_amount, revenue_amount, orders_count,
  customers_count, new_customers_count
FROM campaigns_daily
WHERE project_id = {project: String}
ORDER BY day DESC, campaign_id
LIMIT 300000
