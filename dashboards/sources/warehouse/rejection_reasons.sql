-- Grain: a reason, in the chosen days, of one campaign where one is chosen. A rejection counts once for each reason.
SELECT
  reason_key, toInt32(any(reason_code)) AS reason_code, sum(rejections_count) AS rejections_count,
  sum(lost_amount) AS lost_amount
FROM rejections_by_reason_daily
WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {since: Date} AND {until: Date}
  AND ({campaign: String} = '' OR campaign_id = {campaign: String}
    OR campaign_id IN (SELECT campaign_id FROM campaigns WHERE project_id = {project: String} AND parent_id = {campaign: String}))
GROUP BY reason_key
ORDER BY rejections_count DESC, reason_key
