-- Grain: a reviewer who decided or took back anything in the chosen days, in the chosen currency.
SELECT
  reviewer_id, argMax(r.reviewer_name, day) AS reviewer_name, sum(r.decided_count) AS decided_count,
  sum(r.confirmed_count) AS confirmed_count, sum(r.dismissed_count) AS dismissed_count,
  sum(r.overdue_count) AS overdue_count,
  if(sum(r.decided_count) > 0, sum(r.confirmed_count) / sum(r.decided_count), NULL) AS precision,
  if(sum(r.decided_count) > 0, sum(r.working_seconds) / sum(r.decided_count), NULL) AS seconds_each,
  sum(r.prevented_amount) AS prevented_amount, sum(r.recovered_amount) AS recovered_amount,
  if(sum(r.decided_count) > 0, (sum(r.prevented_amount) + sum(r.recovered_amount)) / sum(r.decided_count), NULL) AS yield_amount
FROM reviewers_daily AS r
WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {since: Date} AND {until: Date}
GROUP BY reviewer_id
ORDER BY decided_count DESC, reviewer_name, reviewer_id
LIMIT 200
