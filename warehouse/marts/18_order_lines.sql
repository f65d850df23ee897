-- Grain: an order × a line of it, as it was last reported. What was bought, with a promotion or without.
CREATE OR REPLACE VIEW {database}.order_lines {on_cluster}
(
  project_id String COMMENT 'The tenant',
  order_id String COMMENT 'The shop''s id of the order; one row for each of its lines',
  line UInt16 COMMENT 'Place of the line in the order, from 1',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest',
  status String COMMENT 'created, paid, cancelled or refunded: the last one reported of the order',
  paid_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the order was paid',
  day Nullable(Date) COMMENT 'UTC day of paid_at',
  sku String COMMENT 'The shop''s article number',
  product_id String COMMENT 'The shop''s product',
  category String COMMENT 'First category of the product',
  categories Array(String) COMMENT 'All of them',
  quantity Int64 COMMENT 'Units',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  unit_amount Int64 COMMENT 'Price of one unit before discounts',
  line_amount Int64 COMMENT 'quantity × unit_amount',
  discount_amount Int64 COMMENT 'The line''s share of the discounts, as the shop reported them',
  paid_amount Int64 COMMENT 'line_amount − discount_amount'
)
AS
SELECT
  project_id,
  order_id,
  line,
  customer,
  order_status AS status,
  paid AS paid_at,
  toDate(paid) AS day,
  item.1 AS sku,
  item.2 AS product_id,
  item.6 AS category,
  item.7 AS categories,
  item.3 AS quantity,
  money AS currency,
  item.4 AS unit_amount,
  quantity * unit_amount AS line_amount,
  item.5 AS discount_amount,
  line_amount - item.5 AS paid_amount
FROM
(
  -- The lines stream by, beside one short row an order: all lines at once would not fit.
  SELECT
    e.project_id AS project_id, e.customer AS customer, e.order_id AS order_id, toString(e.currency) AS money,
    o.order_status AS order_status, o.paid AS paid,
    arrayZip(e.items.sku, e.items.product_id, e.items.quantity, e.items.unit_amount, e.items.discount_amount,
      e.items.category, e.items.categories) AS lines
  FROM {database}.events AS e
  INNER JOIN
  (
    SELECT
      project_id,
      customer,
      argMax(event_id, (recorded_at, event_id)) AS last_event,
      replaceOne(argMax(toString(type), (recorded_at, event_id)), 'order.', '') AS order_status,
      minOrNullIf(occurred_at, type = 'order.paid') AS paid
    FROM {database}.events
    WHERE type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded')
    GROUP BY project_id, customer, order_id
  ) AS o ON o.project_id = e.project_id AND o.customer = e.customer AND o.last_event = e.event_id
  WHERE e.type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded')
)
ARRAY JOIN lines AS item, arrayEnumerate(lines) AS line;
