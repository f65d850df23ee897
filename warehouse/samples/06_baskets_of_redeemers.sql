-- What do baskets with a promotion hold that others do not? Share of units by category, with and without a redemption.
WITH
  with_promotion AS
  (
    SELECT category, sum(quantity) AS units
    FROM redemption_lines
    WHERE rolled_back = 0
    GROUP BY category
  ),
  without AS
  (
    SELECT category, sum(quantity) AS units
    FROM order_lines
    WHERE status = 'paid' AND order_id NOT IN (SELECT order_id FROM redemptions WHERE rolled_back = 0)
    GROUP BY category
  )
SELECT
  p.category AS category,
  p.units AS units_with_promotion,
  round(p.units / (SELECT sum(units) FROM with_promotion), 4) AS share_with,
  round(w.units / nullIf((SELECT sum(units) FROM without), 0), 4) AS share_without,
  round(share_with / nullIf(share_without, 0), 2) AS index
FROM with_promotion AS p
LEFT JOIN without AS w ON w.category = p.category
ORDER BY units_with_promotion DESC
LIMIT 30
