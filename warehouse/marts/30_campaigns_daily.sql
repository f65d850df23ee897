-- Grain: campaign × UTC day, for main and sub-campaigns alike: never sum the two types together.
--
-- Counts stand on the day of their own event (a rollback on the day of the rollback). `net_` columns and revenue look
-- at the redemptions of the day and at what still stands of them now: a later rollback changes the day of the
-- redemption, so that the sum over all days is what still stands in all.
-- An order's total counts once for a campaign, however many of its codes the order took, on the day of the first.
-- It counts for every campaign the order took a code of: do not sum revenue over campaigns.
CREATE OR REPLACE VIEW {database}.campaigns_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the campaign',
  campaign_name String COMMENT 'Its name now',
  campaign_type String COMMENT 'main or sub; a main campaign''s figures cover its sub-campaigns',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  day Date COMMENT 'UTC day',
  published_count UInt64 COMMENT 'Vouchers given to customers',
  validations_count UInt64 COMMENT 'Validations that tried one of its codes',
  valid_count UInt64 COMMENT 'Of these, valid',
  redemptions_count UInt64 COMMENT 'Codes redeemed; of an automatic campaign, times it applied',
  rejections_count UInt64 COMMENT 'Rejected redemptions that tried one of its codes',
  rollbacks_count UInt64 COMMENT 'Codes of redemptions of which nothing is left since that day',
  discount_amount Int64 COMMENT 'Discount of the day''s redemptions',
  rolled_back_amount Int64 COMMENT 'Discount given back that day, also in parts',
  net_redemptions_count UInt64 COMMENT 'Of the day''s redemptions, codes that still stand',
  net_discount_amount Int64 COMMENT 'Of the day''s redemptions, discount that still stands',
  orders_count UInt64 COMMENT 'Orders that took their first code of the campaign that day, and still have one',
  revenue_amount Int64 COMMENT 'What these orders were left to pay, after all discounts',
  customers_count UInt64 COMMENT 'Customers with a redemption that day that still stands',
  new_customers_count UInt64 COMMENT 'Of these, customers who never bought or redeemed anything before that day',
  margin_orders_count UInt64 COMMENT 'Of orders_count, orders of which the shop told what every line costs it',
  margin_amount Nullable(Int64) COMMENT 'Margin of margin_orders_count: what their lines were left to pay, without shipping, less their cost; null when there are none'
)
AS
WITH
  -- ARRAY JOIN, not the function: a filter on the project would not get past that.
  tried AS
  (
    SELECT
      project_id, campaign, toDate(occurred_at) AS day, type, outcome
    FROM {database}.events
    ARRAY JOIN arrayDistinct(arrayConcat(codes.campaign_id, codes.main_campaign_id)) AS campaign
    WHERE type IN ('validation.performed', 'redemption.rejected')
  ),
  given_back AS
  (
    SELECT project_id, campaign, toDate(occurred_at) AS day, code.3 AS amount
    FROM {database}.events
    ARRAY JOIN arrayZip(codes.campaign_id, codes.main_campaign_id, codes.discount_amount) AS code
    ARRAY JOIN [code.1, code.2] AS campaign
    WHERE type = 'redemption.rolled_back'
  ),
  taken AS
  (
    SELECT
      project_id, campaign, day, occurred_at, order_id, customer,
      rolled_back, rolled_back_at, discount_amount, net_discount_amount, order_total_amount, margin_amount
    FROM {database}.redemptions
    ARRAY JOIN [campaign_id, main_campaign_id] AS campaign
  ),
  first_bought AS
  (
    SELECT project_id, customer, toDate(min(occurred_at)) AS first_day
    FROM {database}.events
    WHERE type IN ('order.paid', 'redemption.succeeded') AND customer != ''
    GROUP BY project_id, customer
  ),
  published AS
  (
    SELECT project_id, campaign, day
    FROM
    (
      SELECT e.project_id AS project_id, [e.campaign_id, c.last.parent_id] AS both, toDate(e.occurred_at) AS day
      FROM {database}.events AS e
      LEFT JOIN {database}.latest_campaigns AS c ON c.project_id = e.project_id AND c.campaign_id = e.campaign_id
      WHERE e.type = 'voucher.published'
    )
    ARRAY JOIN both AS campaign
  ),
  parts AS
  (
    SELECT
      project_id, campaign, day, count() AS published, 0 AS validations, 0 AS valid, 0 AS redemptions, 0 AS rejections,
      0 AS rollbacks, 0 AS discount, 0 AS rolled_back_discount, 0 AS net_redemptions, 0 AS net_discount, 0 AS orders,
      0 AS revenue, 0 AS customers, 0 AS new_customers, 0 AS margin_orders, NULL AS margin
    FROM published
    GROUP BY project_id, campaign, day
    UNION ALL
    SELECT
      project_id, campaign, day, 0, countIf(type = 'validation.performed'),
      countIf(type = 'validation.performed' AND outcome = 'valid'), 0, countIf(type = 'redemption.rejected'),
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL
    FROM tried
    GROUP BY project_id, campaign, day
    UNION ALL
    SELECT project_id, campaign, day, 0, 0, 0, 0, 0, 0, 0, sum(amount), 0, 0, 0, 0, 0, 0, 0, NULL
    FROM given_back
    GROUP BY project_id, campaign, day
    UNION ALL
    SELECT project_id, campaign, toDate(assumeNotNull(rolled_back_at)), 0, 0, 0, 0, 0, count(), 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL
    FROM taken
    WHERE rolled_back = 1
    GROUP BY project_id, campaign, toDate(assumeNotNull(rolled_back_at))
    UNION ALL
    SELECT
      t.project_id, t.campaign, t.day, 0, 0, 0, count(), 0, 0, sum(t.discount_amount), 0, countIf(t.rolled_back = 0),
      sum(t.net_discount_amount), 0, 0,
      uniqExactIf(t.customer, t.rolled_back = 0 AND t.customer != ''),
      uniqExactIf(t.customer, t.rolled_back = 0 AND t.customer != '' AND f.first_day = t.day), 0, NULL
    FROM taken AS t
    LEFT JOIN first_bought AS f ON f.project_id = t.project_id AND f.customer = t.customer
    GROUP BY t.project_id, t.campaign, t.day
    UNION ALL
    SELECT project_id, campaign, first_day, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(), sum(total), 0, 0, countIf(order_margin.1 IS NOT NULL),
      sum(order_margin.1)
    FROM
    (
      SELECT project_id, campaign, order_id, min(day) AS first_day, argMax(order_total_amount, occurred_at) AS total,
        -- A tuple, for argMax passes over nulls.
        argMax(tuple(margin_amount), occurred_at) AS order_margin
      FROM taken
      WHERE rolled_back = 0
      GROUP BY project_id, campaign, order_id
    )
    GROUP BY project_id, campaign, first_day
  )
SELECT
  parts.project_id AS project_id,
  parts.campaign AS campaign_id,
  any(c.last.name) AS campaign_name,
  any(c.last.type) AS campaign_type,
  any(c.last.currency) AS currency,
  parts.day AS day,
  sum(parts.published) AS published_count,
  sum(parts.validations) AS validations_count,
  sum(parts.valid) AS valid_count,
  sum(parts.redemptions) AS redemptions_count,
  sum(parts.rejections) AS rejections_count,
  sum(parts.rollbacks) AS rollbacks_count,
  sum(parts.discount) AS discount_amount,
  sum(parts.rolled_back_discount) AS rolled_back_amount,
  sum(parts.net_redemptions) AS net_redemptions_count,
  sum(parts.net_discount) AS net_discount_amount,
  sum(parts.orders) AS orders_count,
  sum(parts.revenue) AS revenue_amount,
  sum(parts.customers) AS customers_count,
  sum(parts.new_customers) AS new_customers_count,
  sum(parts.margin_orders) AS margin_orders_count,
  sum(parts.margin) AS margin_amount
FROM parts
LEFT JOIN {database}.latest_campaigns AS c ON c.project_id = parts.project_id AND c.campaign_id = parts.campaign
WHERE parts.campaign != ''
GROUP BY parts.project_id, parts.campaign, parts.day;
