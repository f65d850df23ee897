-- Grain: policy, in the chosen days: what its own arm of the customers brought.
SELECT
  policy, sum(p.decisions_count) AS decisions_count, sum(p.offers_count) AS served_count,
  sum(p.taken_count) AS taken_count, sum(p.redeemed_count) AS redeemed_count,
  sum(p.discount_amount) AS discount_amount, sum(p.earned_amount) AS earned_amount
FROM offer_policies_daily AS p
WHERE project_id = {project: String} AND policy != '' AND day BETWEEN {since: Date} AND {until: Date}
GROUP BY policy
ORDER BY indexOf(['champion', 'challenger', 'popularity', 'random'], policy), policy
LIMIT 20
