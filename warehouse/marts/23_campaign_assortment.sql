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
  taken AS
  (
    SELECT project_id, campaign, currency AS money, groupUniqArray(toDate(occurred_at)) AS days
    FROM {database}.standing_redemptions
    ARRAY JOIN campaign_ids AS campaign
    GROUP BY project_id, campaign, money
  ),
  -- An order's lines as its newest redemption has them, and the discounts of all its redemptions.
  orders AS
  (
    SELECT
      project_id, campaign, currency AS money, if(order_id = '', redemption_id, order_id) AS order_key,
      argMax((customer, lines), (occurred_at, redemption_id)) AS newest,
      arrayFlatten(groupArray(arrayMap((line, place) -> (line.1, line.2, line.5 - if(empty(lines_back), 0, lines_back[place])),
        lines, arrayEnumerate(lines)))) AS discounts
    FROM {database}.standing_redemptions
    ARRAY JOIN campaign_ids AS campaign
    GROUP BY project_id, campaign, money, order_key
  ),
  parts AS
  (
    SELECT project_id, campaign, money, key.1 AS dimension, key.2 AS article, any(line.2) AS category,
      uniqExactIf(order_key, line.6 = 1) AS orders_with, uniqExactIf(newest.1, line.6 = 1 AND newest.1 != '') AS customers,
      sum(line.3) AS units, sum(line.4) AS price, sum(line.5) AS off, toInt64(0) AS usual_units
    FROM orders
    ARRAY JOIN arrayConcat(
      arrayMap(l -> (l.1, l.2, l.3, l.3 * l.4, toInt64(0), 1), newest.2),
      arrayMap(d -> (d.1, d.2, toInt64(0), toInt64(0), d.3, 0), discounts)) AS line
    ARRAY JOIN [('sku', line.1), ('category', line.2)] AS key
    GROUP BY project_id, campaign, money, dimension, article
    UNION ALL
    SELECT project_id, campaign, money, key.1, key.2, '', 0, 0, 0, 0, 0, sum(sold_units)
    FROM
    (
      -- All that was sold on the campaign's days …
      SELECT d.project_id AS project_id, d.campaign AS campaign, d.money AS money, s.sku AS sku, s.category AS category,
        sum(s.sold_units) AS sold_units
      FROM
      (
        SELECT project_id, assumeNotNull(day) AS paid_day, currency, sku, category, sum(quantity) AS sold_units
        FROM {database}.order_lines
        WHERE status = 'paid' AND day IS NOT NULL
        GROUP BY project_id, paid_day, currency, sku, category
      ) AS s
      INNER JOIN (SELECT project_id, campaign, money, paid_day FROM taken ARRAY JOIN days AS paid_day) AS d
        ON d.project_id = s.project_id AND d.paid_day = s.paid_day AND d.money = s.currency
      GROUP BY project_id, campaign, money, sku, category
      UNION ALL
      -- … less what was sold in its own orders.
      SELECT o.project_id, t.campaign, t.money, o.sku, o.category, -sum(o.quantity)
      FROM
      (
        SELECT l.project_id AS project_id, l.day AS day, l.currency AS currency, l.sku AS sku, l.category AS category, l.quantity AS quantity,
          r.campaign AS campaign
        FROM {database}.order_lines AS l
        INNER JOIN
        (
          SELECT DISTINCT project_id, order_id, campaign
          FROM {database}.standing_redemptions
          ARRAY JOIN campaign_ids AS campaign
          WHERE order_id != ''
        ) AS r ON r.project_id = l.project_id AND r.order_id = l.order_id
        WHERE l.status = 'paid' AND l.day IS NOT NULL
      ) AS o
      INNER JOIN taken AS t ON t.project_id = o.project_id AND t.campaign = o.campaign AND t.money = o.currency
      WHERE has(t.days, assumeNotNull(o.day))
      GROUP BY o.project_id, t.campaign, t.money, o.sku, o.category
    )
    ARRAY JOIN [('sku', sku), ('category', category)] AS key
    GROUP BY project_id, campaign, money, key.1, key.2
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
    max(p.category) AS first_category, sum(p.orders_with) AS all_orders, sum(p.customers) AS all_customers,
    sum(p.units) AS bought_units, sum(p.price) AS bought_price, sum(p.off) AS bought_off, sum(p.usual_units) AS usual_units,
    sum(bought_units) OVER (PARTITION BY project_id, campaign, money, dimension) AS bought_whole,
    sum(usual_units) OVER (PARTITION BY project_id, campaign, money, dimension) AS usual_whole
  FROM parts AS p
  GROUP BY project_id, campaign, money, dimension, article
)
WHERE all_orders > 0;
