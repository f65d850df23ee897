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
  status,
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
  SELECT
    project_id,
    customer,
    order_id,
    replaceOne(argMax(toString(type), (recorded_at, event_id)), 'order.', '') AS status,
    minOrNullIf(occurred_at, type = 'order.paid') AS paid,
    argMax(toString(currency), (recorded_at, event_id)) AS money,
    argMax(arrayZip(items.sku, items.product_id, items.quantity, items.unit_amount, items.discount_amount, items.category,
      items.categories), (recorded_at, event_id)) AS lines
  FROM {database}.events
  WHERE type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded')
  GROUP BY project_id, customer, order_id
)
ARRAY JOIN lines AS item, arrayEnumerate(lines) AS line;
