-- Grain: UTC day × what ranked the offers, in the chosen days.
SELECT
  day, model, sum(served_count) AS served_count, sum(shown_count) AS shown_count, sum(taken_count) AS taken_count,
  sum(dismissed_count) AS dismissed_count, sum(o.taken_discount_amount) AS taken_discount_amount
FROM offers_daily AS o
WHERE project_id = {project: String} AND day BETWEEN {since: Date} AND {until: Date}
GROUP BY day, model
ORDER BY day, model
