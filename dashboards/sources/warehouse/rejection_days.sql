-- Grain: UTC day, days without events included; of one campaign or reason where one is chosen.
-- A rejection counts once a day here, with all its reasons that fit.
SELECT day, toInt32(day >= {since: Date}) AS chosen, rejections_count, customers_count, lost_amount, converted_count, converted_amount
FROM
(
  SELECT
    day, uniqExact(rejection_id) AS rejections_count, uniqExactIf(customer, customer != '') AS customers_count,
    sum(lost) AS lost_amount, countIf(converted = 1) AS converted_count, sum(converted_paid) AS converted_amount
  FROM
  (
    -- Amounts stand on one reason of a rejection only, which need not be the one that is chosen.
    SELECT rejection_id, any(r.day) AS day, any(r.customer) AS customer, sum(r.lost_amount) AS lost,
      max(converted_later) AS converted, sum(r.converted_amount) AS converted_paid
    FROM rejections AS r
    WHERE project_id = {project: String} AND currency = {currency: String} AND r.day BETWEEN {before: Date} AND {until: Date}
    GROUP BY rejection_id
    HAVING ({reason: String} = '' OR has(groupArray(reason_key), {reason: String}))
      AND ({campaign: String} = '' OR has(groupArray(campaign_id), {campaign: String}))
  )
  GROUP BY day
  ORDER BY day WITH FILL FROM {before: Date} TO {until: Date} + 1
)
ORDER BY day
