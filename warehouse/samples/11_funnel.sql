-- Where do codes get lost on the way: handed out, tried, valid, redeemed, rolled back, by campaign?
SELECT
  campaign_name,
  sum(published_count) AS published,
  sum(validations_count) AS validations,
  sum(valid_count) AS valid,
  sum(redemptions_count) AS redeemed,
  sum(rejections_count) AS rejected,
  sum(rollbacks_count) AS rolled_back,
  round(redeemed / nullIf(valid, 0), 3) AS redeemed_of_valid
FROM campaigns_daily
WHERE campaign_type = 'sub'
GROUP BY campaign_id, campaign_name
ORDER BY published DESC, redeemed DESC
LIMIT 50
