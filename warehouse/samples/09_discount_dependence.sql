-- Who buys only with a discount? Customers by the share of their orders that had one, with what they spend.
SELECT
  multiIf(discounted_orders_share = 0, 'never', discounted_orders_share < 0.5, 'now and then',
    discounted_orders_share < 1, 'mostly', 'always') AS with_discount,
  currency,
  count() AS customers,
  sum(orders_count) AS orders,
  round(sum(orders_amount) / 100 / sum(orders_count), 2) AS average_order,
  sum(discount_amount) / 100 AS discount
FROM customers_rfm
WHERE orders_count > 0
GROUP BY with_discount, currency
ORDER BY currency, customers DESC
