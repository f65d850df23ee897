-- Grain: a category or an article of what was bought with the chosen campaign, over its whole life: the 12 of each with
-- the most units.
SELECT
  dimension, key, category, currency, orders_count, customers_count, quantity, line_amount, discount_amount,
  quantity_share, usual_share, `index` AS times_usual
FROM campaign_assortment
WHERE project_id = {project: String} AND campaign_id = {campaign: String}
ORDER BY dimension, quantity DESC, key
LIMIT 12 BY dimension
