-- Grain: a reason, campaign or code (`dimension` says which) of the rejections of the chosen days, each narrowed by the
-- other two filters, not by its own: one sees what else there is to choose.
WITH refused AS
(
  SELECT
    rejection_id, customer, code, campaign_id, reason_key, converted_later,
    -- They stand on the first reason only, and count for each: amounts of several rows overlap.
    max(r.lost_amount) OVER (PARTITION BY rejection_id) AS lost,
    max(r.converted_amount) OVER (PARTITION BY rejection_id) AS converted
  FROM rejections AS r
  WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {since: Date} AND {until: Date}
)
SELECT
  dimension, key, ifNull(c.name, '') AS campaign, campaign_id, rejections_count, customers_count, lost_amount,
  converted_count, converted_amount, main_reason
FROM
(
  SELECT
    'reason' AS dimension, reason_key AS key, '' AS campaign_id, uniqExact(rejection_id) AS rejections_count,
    uniqExactIf(customer, customer != '') AS customers_count, arraySum(groupUniqArray((rejection_id, lost)).2) AS lost_amount,
    uniqExactIf(rejection_id, converted_later = 1) AS converted_count, arraySum(groupUniqArray((rejection_id, converted)).2) AS converted_amount, '' AS main_reason
  FROM refused WHERE {campaign: String} = '' OR campaign_id = {campaign: String} GROUP BY reason_key
  UNION ALL
  SELECT
    'campaign', campaign_id, campaign_id, uniqExact(rejection_id), uniqExactIf(customer, customer != ''), arraySum(groupUniqArray((rejection_id, lost)).2),
    uniqExactIf(rejection_id, converted_later = 1), arraySum(groupUniqArray((rejection_id, converted)).2), topK(1)(reason_key)[1]
  FROM refused WHERE {reason: String} = '' OR reason_key = {reason: String} GROUP BY campaign_id
  UNION ALL
  SELECT
    'code', code, any(campaign_id), uniqExact(rejection_id), uniqExactIf(customer, customer != ''), arraySum(groupUniqArray((rejection_id, lost)).2),
    uniqExactIf(rejection_id, converted_later = 1), arraySum(groupUniqArray((rejection_id, converted)).2), topK(1)(reason_key)[1]
  FROM refused
  WHERE ({campaign: String} = '' OR campaign_id = {campaign: String}) AND ({reason: String} = '' OR reason_key = {reason: String})
  GROUP BY code
) AS r
LEFT JOIN (SELECT campaign_id AS id, name FROM campaigns WHERE project_id = {project: String}) AS c ON c.id = r.campaign_id
ORDER BY dimension, rejections_count DESC, key
LIMIT 50 BY dimension
