-- Grain: a campaign, main or sub. The most recently used or changed ones, should a project have more.
SELECT
  campaign_id, type, parent_id, name, template, status, currency, channel, team,
  toDate(starts_at) AS starts_on, toDate(ends_at) AS ends_on, toDate(last_redeemed_at) AS last_redeemed_on,
  toDate(created_at) AS created_on, budget_amount, redemptions_max, redemptions_count, rollbacks_count,
  net_redemptions_count, net_discount_amount, budget_used_share
FROM campaigns
WHERE project_id = {project: String}
ORDER BY greatest(ifNull(last_redeemed_at, updated_at), updated_at) DESC, campaign_id
LIMIT 5000
