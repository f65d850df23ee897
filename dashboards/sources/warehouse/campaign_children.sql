-- Grain: a promotion of the chosen main campaign, over its whole life.
SELECT
  campaign_id, name, type, status, currency, net_redemptions_count AS redemptions_count,
  net_discount_amount AS discount_amount, budget_amount, budget_used_share
FROM campaigns
WHERE project_id = {project: String} AND parent_id = {campaign: String}
ORDER BY discount_amount DESC, name, campaign_id
LIMIT 1000
