-- Grain: campaign × dimension × key × currency: a dimension is `sku` or `category`, a key one of them. Read
-- `campaign_products` and `campaign_categories`. For main and sub-campaigns alike: never sum the two types together.
--
-- What was bought with a campaign, beside what is bought without it. Of redemptions that still stand; an order with
-- several of them counts with the lines of the newest.
-- The usual share looks at paid orders of the days on which the campaign was redeemed that took nothing of it: what
-- they bought of the article, out of all they bought. A shop that reports no orders has no usual share.
CREATE OR REPLACE VIEW {database}.campaign_assortment {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the campaign',
  dimension String COMMENT 'sku or category',
  key String COMMENT 'The article number, or the first category of the articles',
  category String COMMENT 'First category of the article',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  orders_count UInt64 COMMENT 'Orders with the campaign that have it',
  customers_count UInt64 COMMENT 'Known customers among them',
  quantity Int64 COMMENT 'Units',
  line_amount Int64 COMMENT 'Their price before discounts',
  discount_amount Int64 COMMENT 'What still stands of all discounts on them, of other campaigns on the same redemption too',
  quantity_share Float64 COMMENT 'Its share of all units bought with the campaign, in the currency',
  usual_share Nullable(Float64) COMMENT 'Its share of all units in paid orders of the same days that took nothing of the campaign; null when there are none',
  `index` Nullable(Float64) COMMENT 'quantity_share / usual_share: above 1, the campaign moves it; null when it is never bought otherwise'
)
AS
WITH
  bought AS
  (
    SELECT
      project_id, campaign, currency AS money, key.1 AS dimension, key.2 AS article,
      if(order_id = '', redemption_id, order_id) AS order_key, customer, line.2 AS category, line.3 AS units,
      line.3 * line.4 AS price, line.5 - if(empty(lines_back), 0, lines_back[place]) AS discount, (occurred_at, redemption_id) AS position
    FROM {database}.standing_redemptions
    ARRAY JOIN campaign_ids AS campaign
    ARRAY JOIN lines AS line, arrayEnumerate(lines) AS place
    ARRAY JOIN [('sku', line.1), ('category', line.2)] AS key
  ),
  taken AS
  (
    SELECT project_id, campaign, currency AS money, groupUniqArray(toDate(occurred_at)) AS days,
      groupUniqArrayIf(order_id, order_id != '') AS orders
    FROM {database}.standing_redemptions
    ARRAY JOIN campaign_ids AS campaign
    GROUP BY project_id, campaign, money
  ),
  sold AS
  (
    SELECT project_id, order_id, assumeNotNull(day) AS paid_day, currency AS money, key.1 AS dimension, key.2 AS article,
      sum(quantity) AS units
    FROM {database}.order_lines
    ARRAY JOIN [('sku', sku), ('category', category)] AS key
    WHERE status = 'paid' AND day IS NOT NULL
    GROUP BY project_id, order_id, paid_day, money, dimension, article
  ),
  parts AS
  (
    SELECT project_id, campaign, money, dimension, article, any(newest.2) AS category, count() AS orders,
      uniqExactIf(newest.1, newest.1 != '') AS customers, sum(newest.3) AS units, sum(newest.4) AS price, sum(discount) AS off,
      toInt64(0) AS usual_units
    FROM
    (
      -- An order's lines of an article as its newest redemption has them; the discounts of all.
      SELECT project_id, campaign, money, dimension, article, order_key,
        argMax((customer, category, units, price), position) AS newest, sum(discount) AS discount
      FROM
      (
        SELECT project_id, campaign, money, dimension, article, order_key, position, any(b.customer) AS customer,
          any(b.category) AS category, sum(b.units) AS units, sum(b.price) AS price, sum(b.discount) AS discount
        FROM bought AS b
        GROUP BY project_id, campaign, money, dimension, article, order_key, position
      )
      GROUP BY project_id, campaign, money, dimension, article, order_key
    )
    GROUP BY project_id, campaign, money, dimension, article
    UNION ALL
    -- All that was sold on the campaign's days …
    SELECT d.project_id, d.campaign, d.money, s.dimension, s.article, '', 0, 0, 0, 0, 0, s.units
    FROM (SELECT project_id, campaign, money, arrayJoin(days) AS day FROM taken) AS d
    INNER JOIN
    (
      SELECT project_id, paid_day, money, dimension, article, sum(sold.units) AS units
      FROM sold
      GROUP BY project_id, paid_day, money, dimension, article
    ) AS s ON s.project_id = d.project_id AND s.paid_day = d.day AND s.money = d.money
    UNION ALL
    -- … less what was sold in its own orders.
    SELECT t.project_id, t.campaign, t.money, s.dimension, s.article, '', 0, 0, 0, 0, 0, -s.units
    FROM (SELECT project_id, campaign, money, days, arrayJoin(orders) AS order_id FROM taken) AS t
    INNER JOIN sold AS s ON s.project_id = t.project_id AND s.order_id = t.order_id AND s.money = t.money
    WHERE has(t.days, s.paid_day)
  )
SELECT
  project_id,
  campaign AS campaign_id,
  dimension,
  article AS key,
  first_category AS category,
  money AS currency,
  all_orders AS orders_count,
  all_customers AS customers_count,
  bought_units AS quantity,
  bought_price AS line_amount,
  bought_off AS discount_amount,
  bought_units / bought_whole AS quantity_share,
  if(usual_whole > 0, usual_units / usual_whole, NULL) AS usual_share,
  if(usual_share > 0, quantity_share / usual_share, NULL) AS `index`
FROM
(
  SELECT
    project_id, campaign, money, dimension, article,
    max(p.category) AS first_category, sum(p.orders) AS all_orders, sum(p.customers) AS all_customers, sum(p.units) AS bought_units,
    sum(p.price) AS bought_price, sum(p.off) AS bought_off, sum(p.usual_units) AS usual_units,
    sum(bought_units) OVER (PARTITION BY project_id, campaign, money, dimension) AS bought_whole,
    sum(usual_units) OVER (PARTITION BY project_id, campaign, money, dimension) AS usual_whole
  FROM parts AS p
  GROUP BY project_id, campaign, money, dimension, article
)
WHERE all_orders > 0;
