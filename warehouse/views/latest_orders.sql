-- Grain: an order, as it was last reported: by the order in which reports arrived, as an import may bring old ones late.
-- Marts build on it; read `orders`. An order never changes its customer; grouping by both lets a filter on the customer
-- use the sort key.
CREATE OR REPLACE VIEW {database}.latest_orders {on_cluster} AS
SELECT
  project_id,
  customer,
  order_id,
  replaceOne(argMax(toString(type), (recorded_at, event_id)), 'order.', '') AS status,
  argMax((toString(currency), amount, shipping_amount, discount_amount, total_amount, items.quantity, toString(channel),
    toString(store_id),
    -- The margin of the lines, without shipping; null when the cost of any is unknown.
    if(has(items.unit_cost_amount, NULL), NULL, arraySum((quantity, unit, off, cost) -> quantity * (unit - ifNull(cost, 0)) - off,
      items.quantity, items.unit_amount, items.discount_amount, items.unit_cost_amount))), (recorded_at, event_id)) AS last,
  min(occurred_at) AS first_at,
  minOrNullIf(occurred_at, type = 'order.paid') AS paid_at,
  minOrNullIf(occurred_at, type IN ('order.cancelled', 'order.refunded')) AS cancelled_at,
  max(occurred_at) AS updated_at
FROM {database}.events
WHERE type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded')
GROUP BY project_id, customer, order_id;
