-- Grain: project × arm of the comparison that runs now. What the customers of each arm did since they were first offered
-- something, as sums from which every figure of a lift is made, as in campaign_arms.
--
-- The arm of a customer is a lottery: murmurHash3_32(concat(project_id, '\0offers\0', customer)) % 10000 in `armOf` of
-- api/offers/policy.ts. Who asks for offers at all does so before an arm can make a difference, so customers are compared
-- from their first decision on, by intention to treat: whether or not they took anything. Only decisions under the newest
-- version of the settings count. Revenue is what paid orders were left to pay without shipping.
-- Columns with `before` are the same customers in a window as long, before their first decision.
CREATE OR REPLACE VIEW {database}.offer_arms {on_cluster}
(
  project_id String COMMENT 'The tenant',
  policy_version UInt64 COMMENT 'Of the settings under which the arms are compared',
  arm String COMMENT 'champion, challenger, popularity or random',
  currency String COMMENT 'ISO 4217, the one most orders are in; all amounts of the row are in its minor units',
  measured_from DateTime64(3, 'UTC') COMMENT 'The first decision of the arm',
  measured_until DateTime64(3, 'UTC') COMMENT 'Now',
  customers_count UInt64 COMMENT 'Customers of the arm who were offered something',
  converted_count UInt64 COMMENT 'Of these, with a paid order since',
  orders_count UInt64 COMMENT 'Paid orders since',
  orders_without_cost_count UInt64 COMMENT 'Of these, orders with a line of which the cost is unknown',
  revenue_amount Int64 COMMENT 'Revenue of the orders',
  margin_amount Nullable(Int64) COMMENT 'Their revenue − cost; null where a cost is unknown',
  discount_amount Int64 COMMENT 'Discount of all their redemptions since that still stands',
  converted_before_count UInt64 COMMENT 'Customers with a paid order before',
  converted_both_count UInt64 COMMENT 'Customers with a paid order before and since',
  orders_squares Float64 COMMENT 'Σ orders² of the customers',
  orders_before_count UInt64 COMMENT 'Paid orders before',
  orders_before_squares Float64 COMMENT 'Σ orders before²',
  orders_products Float64 COMMENT 'Σ orders × orders before',
  revenue_squares Float64 COMMENT 'Σ revenue²',
  revenue_before_amount Int64 COMMENT 'Revenue before',
  revenue_before_squares Float64 COMMENT 'Σ revenue before²',
  revenue_products Float64 COMMENT 'Σ revenue × revenue before',
  margin_squares Float64 COMMENT 'Σ margin², orders without a known cost left out',
  margin_products Float64 COMMENT 'Σ margin × revenue before',
  discount_squares Float64 COMMENT 'Σ discount²',
  discount_orders_products Float64 COMMENT 'Σ discount × orders',
  discount_orders_before_products Float64 COMMENT 'Σ discount × orders before'
)
AS
WITH
  served AS
  (
    SELECT project_id AS project, customer,
      groupArray((JSONExtractUInt(payload, 'policy_version'), occurred_at, JSONExtractString(payload, 'policy'))) AS told
    FROM {database}.events
    WHERE type = 'offer.served' AND customer != ''
    GROUP BY project, customer
  ),
  newest AS
  (
    SELECT project_id AS project, max(JSONExtractUInt(payload, 'policy_version')) AS version
    FROM {database}.events
    WHERE type = 'offer.served'
    GROUP BY project
  ),
  bought AS
  (
    SELECT project_id AS project, customer,
      groupArray((ifNull(paid_at, first_at), last.1, last.2 - last.4, last.9)) AS paid
    FROM {database}.latest_orders
    WHERE status = 'paid' AND customer != ''
    GROUP BY project, customer
  ),
  money AS
  (
    SELECT project_id AS project, topK(1)(toString(currency))[1] AS currency
    FROM {database}.events
    WHERE type = 'order.paid'
    GROUP BY project
  ),
  redeemed AS
  (
    SELECT project_id AS project, customer, groupArray((occurred_at, net_discount_amount, currency)) AS discounts
    FROM {database}.redemptions
    WHERE customer != '' AND gift_card = 0
    GROUP BY project, customer
  ),
  customers AS
  (
    SELECT
      served.project AS project, newest.version AS version, money.currency AS currency,
      arraySort(each -> each.2, arrayFilter(each -> each.1 = newest.version AND each.3 != '', served.told)) AS mine,
      mine[1].3 AS arm,
      mine[1].2 AS since,
      now64(3) AS until,
      since - toIntervalMillisecond(dateDiff('millisecond', since, until)) AS before,
      arrayFilter(each -> each.1 >= since AND each.1 < until AND each.2 = money.currency, bought.paid) AS after_orders,
      arrayFilter(each -> each.1 >= before AND each.1 < since AND each.2 = money.currency, bought.paid) AS before_orders,
      toInt64(length(after_orders)) AS y,
      toInt64(length(before_orders)) AS x,
      arraySum(each -> each.3, after_orders) AS revenue,
      arraySum(each -> each.3, before_orders) AS revenue_before,
      arraySum(each -> ifNull(each.4, 0), after_orders) AS margin,
      arrayCount(each -> each.4 IS NULL, after_orders) AS without_cost,
      arraySum(each -> if(each.1 >= since AND each.3 = money.currency, each.2, 0), redeemed.discounts) AS discount
    FROM served
    INNER JOIN newest ON newest.project = served.project
    LEFT JOIN money ON money.project = served.project
    LEFT JOIN bought ON bought.project = served.project AND bought.customer = served.customer
    LEFT JOIN redeemed ON redeemed.project = served.project AND redeemed.customer = served.customer
  )
SELECT
  project AS project_id,
  any(version) AS policy_version,
  arm,
  any(customers.currency) AS currency,
  min(since) AS measured_from,
  max(until) AS measured_until,
  count() AS customers_count,
  countIf(y > 0) AS converted_count,
  sum(y) AS orders_count,
  sum(without_cost) AS orders_without_cost_count,
  sum(revenue) AS revenue_amount,
  if(orders_without_cost_count = 0, sum(margin), NULL) AS margin_amount,
  sum(discount) AS discount_amount,
  countIf(x > 0) AS converted_before_count,
  countIf(x > 0 AND y > 0) AS converted_both_count,
  sum(toFloat64(y) * y) AS orders_squares,
  sum(x) AS orders_before_count,
  sum(toFloat64(x) * x) AS orders_before_squares,
  sum(toFloat64(y) * x) AS orders_products,
  sum(toFloat64(revenue) * revenue) AS revenue_squares,
  sum(revenue_before) AS revenue_before_amount,
  sum(toFloat64(revenue_before) * revenue_before) AS revenue_before_squares,
  sum(toFloat64(revenue) * revenue_before) AS revenue_products,
  sum(toFloat64(margin) * margin) AS margin_squares,
  sum(toFloat64(margin) * revenue_before) AS margin_products,
  sum(toFloat64(discount) * discount) AS discount_squares,
  sum(toFloat64(discount) * y) AS discount_orders_products,
  sum(toFloat64(discount) * x) AS discount_orders_before_products
FROM customers
WHERE arm != ''
GROUP BY project, arm;
