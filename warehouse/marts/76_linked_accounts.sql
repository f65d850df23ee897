-- Grain: an account that shares a card, device, address or IP with another one, as of some seconds to a minute ago.
-- Linked is not guilty: households and friends are linked too. What it tells is whom to look at together.
CREATE OR REPLACE VIEW {database}.linked_accounts {on_cluster}
(
  project_id String COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  cluster_id String COMMENT 'The cluster; when two grow together, the older one''s',
  first_seen_at DateTime64(3, 'UTC') COMMENT 'When the customer was first seen with what links',
  currency String COMMENT 'ISO 4217, of discount_amount: the customer''s main currency; empty where nothing was redeemed',
  redemptions_count Int64 COMMENT 'Redemptions of which something still stands',
  discount_amount Int64 COMMENT 'What still stands of their discount',
  rejections_count UInt64 COMMENT 'Rejected redemptions',
  risk_score_max Nullable(Float64) COMMENT 'Highest risk score of a redemption or rejection',
  last_seen_at DateTime64(3, 'UTC') COMMENT 'Newest event of the customer; first_seen_at until the wide row is there'
)
AS
SELECT
  c.project_id AS project_id,
  c.customer AS customer,
  c.cluster_id AS cluster_id,
  c.first_seen_at AS first_seen_at,
  w.currency AS currency,
  w.redemptions_count AS redemptions_count,
  w.discount_amount AS discount_amount,
  w.rejections_count AS rejections_count,
  w.risk_score_max AS risk_score_max,
  if(w.last_seen_at = toDateTime64(0, 3, 'UTC'), c.first_seen_at, w.last_seen_at) AS last_seen_at
FROM {database}.account_clusters AS c FINAL
LEFT JOIN
(
  -- Plain, so that a filter on the project reaches both sides of the join.
  SELECT CAST(project_id, 'String') AS project_id, customer, toString(currency) AS currency, redemptions_count,
    discount_amount, rejections_count, risk_score_max, last_seen_at
  FROM {database}.customers_wide FINAL
) AS w ON w.project_id = c.project_id AND w.customer = c.customer;
