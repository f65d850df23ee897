-- Which campaigns run out of codes, and how many of the codes handed out were ever used?
SELECT
  campaign_name,
  status,
  created_count,
  distributed_count,
  redeemed_count,
  available_count,
  expired_count,
  round(redeemed_share, 4) AS redeemed_share
FROM code_inventory
ORDER BY available_count ASC, created_count DESC
LIMIT 50
