-- Grain: two accounts × a thing both were seen with in the last 90 days: a card, a device, an address or an IP. Things
-- that more than 50 accounts share (20 for an IP) link nobody.
CREATE OR REPLACE VIEW {database}.linked_edges {on_cluster}
(
  project_id String COMMENT 'The tenant',
  customer_a String COMMENT 'One of the two, the first by name',
  customer_b String COMMENT 'The other one',
  kind String COMMENT 'card, device, address or ip',
  subject String COMMENT 'Keyed hash of what they share',
  accounts_count UInt64 COMMENT 'How many accounts share it',
  weight Float64 COMMENT '0 to 1: 1 for a card or device that just the two share, 0.6 for an address, 0.3 for an IP; less the more share it',
  first_seen_at DateTime64(3, 'UTC') COMMENT 'Since when both were seen with it',
  last_seen_at DateTime64(3, 'UTC') COMMENT 'Until when at least one was'
)
AS
SELECT
  project_id,
  one.1 AS customer_a,
  other.1 AS customer_b,
  toString(kind) AS kind,
  subject,
  length(accounts) AS accounts_count,
  multiIf(kind = 'address', 0.6, kind = 'ip', 0.3, 1.) / log2(accounts_count) AS weight,
  greatest(one.2, other.2) AS first_seen_at,
  greatest(one.3, other.3) AS last_seen_at
FROM
(
  SELECT project_id, kind, subject, accounts, one, arrayFilter(a -> a.1 > one.1, accounts) AS others
  FROM {database}.shared_subjects
  ARRAY JOIN accounts AS one
  WHERE links
)
ARRAY JOIN others AS other;
