-- Grain: campaign × arm. What treated and held-out customers did, as sums from which every figure of a lift is made.
--
-- By intention to treat: a customer is in an arm by the lottery alone, whether or not the campaign reached them, and is
-- compared with everything they did. Who was really reached is decided by what customers do, and who is held out never
-- shows who would have been; to compare only those would compare different people. The price is that the effect is spread
-- over all known customers.
--
-- The lottery is `holdoutBucket` of api/domain/holdout.ts: murmur3 of the campaign (of the project, for the global one),
-- a zero byte and the customer, modulo 10,000.
-- Revenue is what the lines of paid orders were left to pay, without shipping; cancelled and refunded orders are not in it.
-- Columns with `before` are the same customers in the window before known_before.
CREATE OR REPLACE VIEW {database}.campaign_arms {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the campaign',
  arm String COMMENT 'treated or held_out',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  basis String COMMENT 'campaign: its own holdout; project: the global holdout, of all campaigns',
  holdout_percent Int64 COMMENT 'Share of the customers that is held out',
  measured_from DateTime64(3, 'UTC') COMMENT 'Start of the window',
  measured_until DateTime64(3, 'UTC') COMMENT 'Its end, exclusive',
  customers_count UInt64 COMMENT 'Customers known before the arms could differ',
  converted_count UInt64 COMMENT 'Of these, with a paid order in the window',
  orders_count UInt64 COMMENT 'Paid orders in the window',
  orders_without_cost_count UInt64 COMMENT 'Of these, orders with a line of which the cost is unknown',
  revenue_amount Int64 COMMENT 'Revenue of the orders',
  margin_amount Nullable(Int64) COMMENT 'Their revenue − cost; null where a cost is unknown',
  discount_amount Int64 COMMENT 'Discount that still stands, of this campaign in the window; of all campaigns when the basis is project; gift cards are no discount',
  converted_before_count UInt64 COMMENT 'Customers with a paid order before',
  converted_both_count UInt64 COMMENT 'Customers with a paid order before and in the window',
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
  -- Ids of projects are String in all parts: where a join has to convert one, a filter on the project stays outside.
  -- Who is known and what each did, in one pass: the marts of orders and redemptions would read the same events four
  -- times, and a join of the two would keep all orders in memory.
  known AS
  (
    SELECT
      CAST(project_id, 'String') AS project,
      customer,
      min(occurred_at) AS first_at,
      arraySort(groupArrayIf((order_id, recorded_at, event_id, type = 'order.paid', occurred_at, toString(currency),
        amount - arraySum(items.discount_amount),
        if(has(items.unit_cost_amount, NULL), NULL, arraySum((quantity, unit, off, cost) -> quantity * (unit - ifNull(cost, 0)) - off,
          items.quantity, items.unit_amount, items.discount_amount, items.unit_cost_amount))),
        type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded'))) AS reports,
      groupArrayArrayIf(arrayMap((code, campaign, main, off, place) -> (redemption_id, occurred_at, toString(currency), code, campaign,
          main, off, arrayExists((at, given) -> at = place AND given = 'gift_card', rewards.code_position, rewards.type)),
        codes.code, codes.campaign_id, codes.main_campaign_id, codes.discount_amount, arrayEnumerate(codes.code)),
        type = 'redemption.succeeded') AS taken,
      groupArrayArrayIf(arrayMap((code, campaign, main, off) -> (redemption_id, code, campaign, main, off),
        codes.code, codes.campaign_id, codes.main_campaign_id, codes.discount_amount),
        type = 'redemption.rolled_back') AS given_back
    FROM {database}.events
    WHERE customer != ''
    GROUP BY project, customer
    HAVING maxIf(recorded_at, type != 'customer.erased') > maxIf(recorded_at, type = 'customer.erased')
  ),
  windows AS
  (
    SELECT
      project_id AS project, campaign_id, currency, basis, holdout_percent, global_holdout_percent, assumeNotNull(measured_from) AS since,
      assumeNotNull(measured_until) AS until, assumeNotNull(known_before) AS differ_from,
      assumeNotNull(history_from) AS past_from
    FROM {database}.campaign_holdouts
    WHERE basis != '' AND measured_from IS NOT NULL AND measured_until > measured_from
  ),
  customers AS
  (
    SELECT
      k.project AS project_id, w.campaign_id AS campaign_id, w.currency AS currency, w.basis AS basis,
      w.holdout_percent AS holdout_percent, w.since AS since, w.until AS until,
      murmurHash3_32(concat(k.project, '\0', k.customer)) % 10000 < w.global_holdout_percent * 100 AS in_global,
      murmurHash3_32(concat(w.campaign_id, '\0', k.customer)) % 10000 < w.holdout_percent * 100 AS in_own,
      multiIf(w.basis = 'project', if(in_global, 'held_out', 'treated'), in_global, '', in_own, 'held_out', 'treated') AS arm,
      -- Of an order the last report counts, and only when that says it is paid.
      arrayFilter((o, next) -> o.4 AND o.1 != next AND o.6 = w.currency, k.reports,
        arrayShiftLeft(k.reports.1, 1, '')) AS orders,
      arrayFilter(o -> o.5 >= w.since AND o.5 < w.until, orders) AS orders_in,
      arrayFilter(o -> o.5 >= w.past_from AND o.5 < w.differ_from, orders) AS orders_before,
      toInt64(length(orders_in)) AS y,
      toInt64(length(orders_before)) AS x,
      arraySum(o -> o.7, orders_in) AS revenue,
      arraySum(o -> o.7, orders_before) AS revenue_before,
      arraySum(o -> ifNull(o.8, 0), orders_in) AS margin,
      arrayCount(o -> o.8 IS NULL, orders_in) AS without_cost,
      arrayFilter(t -> t.2 >= w.since AND t.2 < w.until AND t.3 = w.currency AND NOT t.8
        AND (w.basis = 'project' OR t.5 = w.campaign_id OR t.6 = w.campaign_id), k.taken) AS taken_in,
      arraySum(t -> t.7, taken_in)
        - arraySum(r -> if(has(arrayMap(t -> (t.1, t.4, t.5), taken_in), (r.1, r.2, r.3)), r.5, 0), k.given_back) AS discount
    FROM known AS k
    INNER JOIN windows AS w ON w.project = k.project
    WHERE k.first_at < w.differ_from
  )
SELECT
  project_id,
  campaign_id,
  arm,
  any(customers.currency) AS currency,
  any(customers.basis) AS basis,
  any(customers.holdout_percent) AS holdout_percent,
  any(since) AS measured_from,
  any(until) AS measured_until,
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
GROUP BY project_id, campaign_id, arm;
