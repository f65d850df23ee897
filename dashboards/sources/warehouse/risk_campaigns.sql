-- Grain: a campaign whose codes were tried in the chosen days, and an empty one for codes of none. Not narrowed by the
-- campaign that is chosen: one sees what else there is to choose.
SELECT
  d.campaign_id AS campaign_id, ifNull(c.name, '') AS name, attempts_count, flagged_count, held_count, rejected_count,
  suspect_count / attempts_count AS suspect_share, flagged_amount, stopped_amount, mean_score
FROM
(
  SELECT
    campaign_id, sum(r.attempts_count) AS attempts_count, sumIf(r.attempts_count, action = 'flag') AS flagged_count,
    sumIf(r.attempts_count, action = 'hold') AS held_count, sumIf(r.attempts_count, action = 'reject') AS rejected_count,
    flagged_count + held_count + rejected_count AS suspect_count,
    sumIf(r.discount_amount, action = 'flag') AS flagged_amount,
    sumIf(r.discount_amount, action IN ('hold', 'reject')) AS stopped_amount,
    if(sum(r.scored_count) > 0, sum(ifNull(r.mean_score, 0) * r.scored_count) / sum(r.scored_count), NULL) AS mean_score
  FROM risk_decisions_daily AS r
  WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {since: Date} AND {until: Date}
  GROUP BY campaign_id
) AS d
LEFT JOIN (SELECT campaign_id, name FROM campaigns WHERE project_id = {project: String}) AS c ON c.campaign_id = d.campaign_id
ORDER BY suspect_count DESC, attempts_count DESC, campaign_id
LIMIT 1000
