-- Grain: a sub-campaign that has vouchers.
SELECT
  campaign_id, campaign_name AS name, status, toDate(ends_at) AS ends_on, created_count, unique_count, generic_count,
  gift_cards_count, distributed_count, redeemed_count, disabled_count, expired_count, available_count, redeemed_share
FROM code_inventory
WHERE project_id = {project: String}
ORDER BY created_count DESC, name
LIMIT 5000
