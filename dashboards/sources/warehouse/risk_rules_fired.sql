-- Grain: a rule that fired in the chosen days, of every campaign and currency. Names and states are in PostgreSQL.
SELECT
  rule_id, sumIf(r.fired_count, mode = 'live') AS live_count, sumIf(r.fired_count, mode = 'shadow') AS shadow_count,
  sumIf(r.fired_count, mode = 'late') AS late_count, sum(r.acted_count) AS acted_count,
  sum(r.confirmed_count) AS confirmed_count, sum(r.dismissed_count) AS dismissed_count,
  if(sum(r.confirmed_count) + sum(r.dismissed_count) > 0,
    sum(r.confirmed_count) / (sum(r.confirmed_count) + sum(r.dismissed_count)), NULL) AS right_share
FROM risk_rules_daily AS r
WHERE project_id = {project: String} AND day BETWEEN {since: Date} AND {until: Date}
GROUP BY rule_id
ORDER BY live_count DESC, shadow_count DESC, late_count DESC, rule_id
LIMIT 500
