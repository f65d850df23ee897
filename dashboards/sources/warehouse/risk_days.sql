-- Grain: UTC day, days without events included; of one campaign where one is chosen. `chosen` tells the two periods apart.
-- An attempt with codes of several campaigns counts for each of them.
SELECT
  day, toInt32(day >= {since: Date}) AS chosen, attempts_count, scored_count, allowed_count, flagged_count, held_count,
  rejected_count, flagged_amount, stopped_amount
FROM
(
  SELECT
    day, sum(d.attempts_count) AS attempts_count, sum(d.scored_count) AS scored_count,
    sumIf(d.attempts_count, action = 'allow') AS allowed_count, sumIf(d.attempts_count, action = 'flag') AS flagged_count,
    sumIf(d.attempts_count, action = 'hold') AS held_count, sumIf(d.attempts_count, action = 'reject') AS rejected_count,
    sumIf(d.discount_amount, action = 'flag') AS flagged_amount,
    sumIf(d.discount_amount, action IN ('hold', 'reject')) AS stopped_amount
  FROM risk_decisions_daily AS d
  WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {before: Date} AND {until: Date}
    AND ({campaign: String} = '' OR campaign_id = {campaign: String})
  GROUP BY day
  ORDER BY day WITH FILL FROM {before: Date} TO {until: Date} + 1
)
ORDER BY day
