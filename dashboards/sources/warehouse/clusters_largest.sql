-- Grain: a cluster of linked accounts as it is now: the 50 with the most accounts. Discounts in the chosen currency.
SELECT
  cluster_id, customers_count, cards_count, devices_count, addresses_count, ips_count, redemptions_count,
  discount_amounts[{currency: String}] AS discount_amount, rejections_count, reviews_open_count,
  reviews_confirmed_count, growth_7d, toDate(last_seen_at) AS last_seen_on
FROM clusters
WHERE project_id = {project: String}
ORDER BY customers_count DESC, discount_amount DESC, cluster_id
LIMIT 50
