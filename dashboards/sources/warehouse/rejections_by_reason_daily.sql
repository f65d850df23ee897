-- Grain: day × campaign × reason × currency. A rejection counts once for each of its reasons.
SELECT
  day, campaign_id, currency, reason_key, toInt32(reason_code) AS reason_code,
  concat(upper(substring(reason_key, 1, 1)), replaceAll(substring(reason_key, 2), '_', ' ')) AS reason,
  rejections_count, lost_amount
FROM rejections_by_reason_daily
WHERE project_id = {project: String}
ORDER BY day DESC, campaign_id, reason_key
LIMIT 300000
