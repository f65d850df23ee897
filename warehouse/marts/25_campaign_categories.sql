-- Grain: campaign × category × currency. What was bought with a campaign, beside what is bought without it; how, says
-- `campaign_assortment`. For main and sub-campaigns alike: never sum the two types together.
CREATE OR REPLACE VIEW {database}.campaign_categories {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the campaign',
  category String COMMENT 'First category of the articles; empty where they have none',
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
SELECT
  project_id,
  campaign_id,
  key AS category,
  currency,
  orders_count,
  customers_count,
  quantity,
  line_amount,
  discount_amount,
  quantity_share,
  usual_share,
  `index`
FROM {database}.campaign_assortment
WHERE dimension = 'category';
