-- Grain: UTC day × reason, in the chosen days; of one campaign or reason where one is chosen.
SELECT day, reason_key, sum(rejections_count) AS rejections_count
FROM rejections_by_reason_daily
WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {since: Date} AND {until: Date}
  AND ({reason: String} = '' OR reason_key = {reason: String})
  AND ({campaign: String} = '' OR campaign_id = {campaign: String})
GROUP BY day, reason_key
ORDER BY day, reason_key
