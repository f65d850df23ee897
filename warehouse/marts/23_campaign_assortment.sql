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
    SELECT project_id, arrayJoin([campaign_id, main_campaign_id]) AS campaign, redemption_id, order_id, day, currency
    FROM {database}.redemptions
    WHERE rolled_back = 0
    GROUP BY project_id, campaign, redemption_id, order_id, day, currency
  ),
  lines AS
  (
    SELECT
      t.project_id AS project_id, t.campaign AS campaign, l.currency AS money, l.dimension AS dimension, l.article AS article,
      if(l.order_id = '', l.redemption_id, l.order_id) AS order_key,
      argMax((l.customer, l.category, l.units, l.price), (l.at, l.redemption_id)) AS newest,
      sum(l.discount) AS discount
    FROM taken AS t
    INNER JOIN
    (
      SELECT project_id, redemption_id, order_id, currency, key.1 AS dimension, key.2 AS article, any(r.customer) AS customer, any(r.category) AS category,
        max(occurred_at) AS at, sum(quantity) AS units, sum(r.line_amount) AS price, sum(net_discount_amount) AS discount
      FROM {database}.redemption_lines AS r
      ARRAY JOIN [('sku', r.sku), ('category', r.category)] AS key
      GROUP BY project_id, redemption_id, order_id, currency, dimension, article
    ) AS l ON l.project_id = t.project_id AND l.redemption_id = t.redemption_id
    GROUP BY project_id, campaign, money, dimension, article, order_key
  ),
  with_it AS
  (
    SELECT project_id, campaign, money, dimension, article, any(newest.2) AS category, uniqExact(order_key) AS orders,
      uniqExactIf(newest.1, newest.1 != '') AS customers, sum(newest.3) AS units, sum(newest.4) AS price, sum(discount) AS off
    FROM lines
    GROUP BY project_id, campaign, money, dimension, article
  ),
  campaign_days AS
  (
    SELECT DISTINCT project_id, campaign, currency AS money, day FROM taken
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
  -- All that was sold on the campaign's days, less what was sold in its own orders.
  without_it AS
  (
    SELECT project_id, campaign, money, dimension, article, sum(units) AS units
    FROM
    (
      SELECT d.project_id AS project_id, d.campaign AS campaign, d.money AS money, s.dimension AS dimension,
        s.article AS article, s.units AS units
      FROM campaign_days AS d
      INNER JOIN 
      (
        SELECT project_id, paid_day, money, dimension, article, sum(units) AS units
        FROM sold
        GROUP BY project_id, paid_day, money, dimension, article
      ) AS s
        ON s.project_id = d.project_id AND s.paid_day = d.day AND s.money = d.money
      UNION ALL
      SELECT t.project_id, t.campaign, s.money, s.dimension, s.article, -s.units
      FROM (SELECT DISTINCT project_id, campaign, order_id FROM taken WHERE order_id != '') AS t
      INNER JOIN sold AS s ON s.project_id = t.project_id AND s.order_id = t.order_id
      INNER JOIN campaign_days AS d ON d.project_id = t.project_id AND d.campaign = t.campaign AND d.money = s.money AND d.day = s.paid_day
    )
    GROUP BY project_id, campaign, money, dimension, article
  )
SELECT
  w.project_id AS project_id,
  w.campaign AS campaign_id,
  w.dimension AS dimension,
  w.article AS key,
  w.category AS category,
  w.money AS currency,
  w.orders AS orders_count,
  w.customers AS customers_count,
  w.units AS quantity,
  w.price AS line_amount,
  w.off AS discount_amount,
  w.units / sum(w.units) OVER (PARTITION BY w.project_id, w.campaign, w.money, w.dimension) AS quantity_share,
  if(a.all_units > 0, ifNull(u.units, 0) / a.all_units, NULL) AS usual_share,
  if(usual_share > 0, quantity_share / usual_share, NULL) AS `index`
FROM with_it AS w
LEFT JOIN without_it AS u
  ON u.project_id = w.project_id AND u.campaign = w.campaign AND u.money = w.money AND u.dimension = w.dimension
  AND u.article = w.article
LEFT JOIN
(
  SELECT project_id, campaign, money, dimension, sum(units) AS all_units
  FROM without_it
  GROUP BY project_id, campaign, money, dimension
) AS a ON a.project_id = w.project_id AND a.campaign = w.campaign AND a.money = w.money AND a.dimension = w.dimension
WHERE w.campaign != '';
