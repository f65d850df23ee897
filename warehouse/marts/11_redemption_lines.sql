-- Grain: a redemption × a line of its order. What was bought with a promotion, line by line.
CREATE OR REPLACE VIEW {database}.redemption_lines {on_cluster}
(
  project_id String COMMENT 'The tenant',
  redemption_id String COMMENT 'Id of the redemption; one row for each line of its order',
  line UInt16 COMMENT 'Place of the line in the order, from 1',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it was redeemed',
  day Date COMMENT 'UTC day of occurred_at',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest',
  order_id String COMMENT 'The shop''s id of the order',
  campaign_ids Array(String) COMMENT 'The sub-campaigns of the redemption''s codes',
  sku String COMMENT 'The shop''s article number',
  product_id String COMMENT 'The shop''s product',
  category String COMMENT 'First category of the product',
  categories Array(String) COMMENT 'All of them',
  quantity Int64 COMMENT 'Units',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  unit_amount Int64 COMMENT 'Price of one unit before discounts',
  line_amount Int64 COMMENT 'quantity × unit_amount',
  discount_amount Int64 COMMENT 'The line''s share of all discounts',
  paid_amount Int64 COMMENT 'line_amount − discount_amount',
  rolled_back UInt8 COMMENT '1 when nothing is left of the redemption',
  rolled_back_amount Int64 COMMENT 'Of the line''s discount, what was given back',
  net_discount_amount Int64 COMMENT 'discount_amount − rolled_back_amount',
  cost_amount Nullable(Int64) COMMENT 'quantity × what one unit costs the shop; null when it did not say',
  margin_amount Nullable(Int64) COMMENT 'paid_amount − cost_amount'
)
AS
WITH
  bought AS
  (
    SELECT
      project_id, redemption_id, line, occurred_at, customer, order_id, codes.campaign_id AS campaigns, currency,
      item.1 AS sku, item.2 AS product_id, item.3 AS quantity, item.4 AS unit_amount, item.5 AS line_discount,
      item.6 AS category, item.7 AS categories, item.8 AS unit_cost
    FROM {database}.events
    ARRAY JOIN
      arrayZip(items.sku, items.product_id, items.quantity, items.unit_amount, items.discount_amount, items.category,
        items.categories, items.unit_cost_amount) AS item,
      arrayEnumerate(items.sku) AS line
    WHERE type = 'redemption.succeeded'
  ),
  -- A rollback names all lines of the order in their places, so that a place is enough to tell them apart.
  given_back AS
  (
    SELECT project_id, redemption_id, line, sum(line_back) AS amount
    FROM {database}.events
    ARRAY JOIN items.discount_amount AS line_back, arrayEnumerate(items.sku) AS line
    WHERE type = 'redemption.rolled_back'
    GROUP BY project_id, redemption_id, line
  ),
  undone AS
  (
    SELECT DISTINCT project_id, redemption_id, 1 AS found
    FROM {database}.events
    WHERE type = 'redemption.rolled_back' AND outcome != 'part'
  )
SELECT
  bought.project_id AS project_id,
  bought.redemption_id AS redemption_id,
  bought.line AS line,
  bought.occurred_at AS occurred_at,
  toDate(bought.occurred_at) AS day,
  bought.customer AS customer,
  bought.order_id AS order_id,
  arrayDistinct(bought.campaigns) AS campaign_ids,
  bought.sku AS sku,
  bought.product_id AS product_id,
  bought.category AS category,
  bought.categories AS categories,
  bought.quantity AS quantity,
  bought.currency AS currency,
  bought.unit_amount AS unit_amount,
  bought.quantity * bought.unit_amount AS line_amount,
  bought.line_discount AS discount_amount,
  line_amount - bought.line_discount AS paid_amount,
  ifNull(undone.found, 0) AS rolled_back,
  ifNull(given_back.amount, 0) AS rolled_back_amount,
  bought.line_discount - rolled_back_amount AS net_discount_amount,
  bought.quantity * bought.unit_cost AS cost_amount,
  paid_amount - cost_amount AS margin_amount
FROM bought
LEFT JOIN given_back
  ON given_back.project_id = bought.project_id
  AND given_back.redemption_id = bought.redemption_id
  AND given_back.line = bought.line
LEFT JOIN undone ON undone.project_id = bought.project_id AND undone.redemption_id = bought.redemption_id;
