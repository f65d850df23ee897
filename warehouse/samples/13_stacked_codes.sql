-- How often are codes combined, and is the discount of such orders still healthy?
SELECT
  codes,
  currency,
  count() AS orders,
  round(avg(discount) / 100, 2) AS average_discount,
  round(sum(discount) / sum(amount), 4) AS discount_share
FROM
(
  SELECT
    order_id, currency, count() AS codes, sum(net_discount_amount) AS discount, max(order_amount) AS amount
  FROM redemptions
  WHERE rolled_back = 0 AND gift_card = 0
  GROUP BY order_id, currency
)
WHERE amount > 0
GROUP BY codes, currency
ORDER BY currency, codes
