-- Grain: a cluster of linked accounts, as of some seconds to a minute ago. Accounts are in one cluster when a chain of
-- shared cards, devices, addresses and IPs leads from one to the other.
CREATE OR REPLACE VIEW {database}.clusters {on_cluster}
(
  project_id String COMMENT 'The tenant',
  cluster_id String COMMENT 'The cluster; when two grow together, the older one''s',
  customers_count UInt64 COMMENT 'Accounts in it',
  cards_count UInt64 COMMENT 'Cards that two or more of them share',
  devices_count UInt64 COMMENT 'Devices that two or more of them share',
  addresses_count UInt64 COMMENT 'Addresses that two or more of them share',
  ips_count UInt64 COMMENT 'IPs that two or more of them share',
  redemptions_count Int64 COMMENT 'Their redemptions of which something still stands',
  currency String COMMENT 'ISO 4217, of discount_amount: the one with the largest discounts; empty where nothing was redeemed',
  discount_amount Int64 COMMENT 'What still stands of their discounts in `currency`',
  discount_amounts Map(String, Int64) COMMENT 'The same in every currency, by currency',
  rejections_count UInt64 COMMENT 'Their rejected redemptions',
  reviews_open_count UInt64 COMMENT 'Reviews of them that nobody has decided: open or held',
  reviews_confirmed_count UInt64 COMMENT 'Reviews of them that were confirmed as abuse',
  risk_score_max Nullable(Float64) COMMENT 'Highest risk score of any of them',
  growth_7d UInt64 COMMENT 'Accounts first seen within the last 7 days',
  first_seen_at DateTime64(3, 'UTC') COMMENT 'When the first of them was first seen with what links',
  last_seen_at DateTime64(3, 'UTC') COMMENT 'Newest event of any of them'
)
AS
WITH
  shared AS
  (
    SELECT
      c.project_id AS project_id,
      c.cluster_id AS cluster_id,
      countIf(s.kind = 'card') AS cards,
      countIf(s.kind = 'device') AS devices,
      countIf(s.kind = 'address') AS addresses,
      countIf(s.kind = 'ip') AS ips
    FROM (SELECT project_id, kind, accounts[1].1 AS customer FROM {database}.shared_subjects WHERE links) AS s
    INNER JOIN (SELECT project_id, customer, cluster_id FROM {database}.account_clusters FINAL) AS c
      ON c.project_id = s.project_id AND c.customer = s.customer
    GROUP BY project_id, cluster_id
  ),
  judged AS
  (
    SELECT project_id, customer, countIf(status IN ('open', 'held')) AS waiting, countIf(status = 'confirmed') AS confirmed
    FROM {database}.reviews
    WHERE customer != ''
    GROUP BY project_id, customer
  ),
  members AS
  (
    SELECT
      a.project_id AS project_id,
      a.cluster_id AS cluster_id,
      count() AS customers,
      sum(a.redemptions_count) AS redemptions,
      sumMapIf(map(a.currency, a.discount_amount), a.currency != '') AS discounts,
      sum(a.rejections_count) AS rejections,
      sum(j.waiting) AS waiting,
      sum(j.confirmed) AS confirmed,
      max(a.risk_score_max) AS score,
      countIf(a.first_seen_at >= now64(3) - INTERVAL 7 DAY) AS growth,
      min(a.first_seen_at) AS first_at,
      max(a.last_seen_at) AS last_at
    FROM {database}.linked_accounts AS a
    LEFT JOIN judged AS j ON j.project_id = a.project_id AND j.customer = a.customer
    GROUP BY project_id, cluster_id
  )
SELECT
  m.project_id AS project_id,
  m.cluster_id AS cluster_id,
  m.customers AS customers_count,
  s.cards AS cards_count,
  s.devices AS devices_count,
  s.addresses AS addresses_count,
  s.ips AS ips_count,
  m.redemptions AS redemptions_count,
  -- Equal amounts by name, so that the currency does not change from read to read.
  arraySort(k -> (-m.discounts[k], k), mapKeys(m.discounts))[1] AS currency,
  m.discounts[currency] AS discount_amount,
  m.discounts AS discount_amounts,
  m.rejections AS rejections_count,
  m.waiting AS reviews_open_count,
  m.confirmed AS reviews_confirmed_count,
  m.score AS risk_score_max,
  m.growth AS growth_7d,
  m.first_at AS first_seen_at,
  m.last_at AS last_seen_at
FROM members AS m
LEFT JOIN shared AS s ON s.project_id = m.project_id AND s.cluster_id = m.cluster_id;
