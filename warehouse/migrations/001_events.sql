-- Every event the service announced, one row each, append only. Read `events` instead: it shows each event once.
--
-- Delivery is at least once. The sort key and the partition come from the event alone, so that a second delivery has
-- the same key in the same partition and ReplacingMergeTree may drop either of the two. No version column: copies of
-- an event are equal.
--
-- The sort key starts with project and customer: one customer's history, the read that must be quick, is then one
-- short range; project-wide reports read the whole project either way.
--
-- `non_replicated_deduplication_window` is 0 by default, and then an insert's deduplication token is ignored without
-- a word. The relay retries its newest batch only; 10,000 is some forty minutes of its fastest pace.
CREATE TABLE IF NOT EXISTS {database}.events_raw {on_cluster}
(
  project_id LowCardinality(String) COMMENT 'The tenant',
  event_id String COMMENT 'Id of the event, the same in every store and on every delivery',
  type LowCardinality(String) COMMENT 'What happened: redemption.succeeded, order.paid …',
  version UInt16 COMMENT 'Version of the payload''s contract',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, by the clock that decided it',
  recorded_at DateTime64(6, 'UTC') COMMENT 'When the service wrote it down',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest or where there is none',
  order_id String COMMENT 'The shop''s id of the order; empty where there is none',
  subject_id String COMMENT 'What the event is about: id of the redemption, rejection, rollback, validation, order, campaign, voucher, publication, batch, offer decision or custom event',
  redemption_id String COMMENT 'The redemption made or rolled back',
  campaign_id String COMMENT 'The campaign of a campaign, voucher, publication, batch or offer-outcome event; for the campaigns of codes see codes.campaign_id',
  name String COMMENT 'Name of the custom event, campaign or customer',
  outcome LowCardinality(String) COMMENT 'Validation: valid, invalid. Offer: shown, taken, dismissed. Campaign: its status',
  source LowCardinality(String) COMMENT 'Where a validation or redemption came from: api, integration, mobile, console',
  channel LowCardinality(String) COMMENT 'Sales channel of the order, or channel of the publication',
  store_id LowCardinality(String) COMMENT 'Store of the order',
  currency LowCardinality(String) COMMENT 'ISO 4217; every amount of the row is in its minor units',
  amount Int64 COMMENT 'Order: sum of the lines before discounts, without shipping',
  shipping_amount Int64 COMMENT 'Order: shipping before discounts',
  discount_amount Int64 COMMENT 'Order: all discounts, on shipping too',
  total_amount Int64 COMMENT 'Order: what is left to pay',
  codes Nested
  (
    code String,
    voucher_id String,
    campaign_id String,
    main_campaign_id String,
    discount_amount Int64
  ) COMMENT 'The codes of a validation, redemption, rejection or rollback; ids are empty for an unknown code',
  items Nested
  (
    sku String,
    product_id String,
    quantity Int64,
    unit_amount Int64,
    discount_amount Int64,
    category String,
    categories Array(String)
  ) COMMENT 'The lines of the order; category is the first of categories',
  reasons Nested
  (
    key LowCardinality(String),
    code Int64,
    voucher_code String,
    campaign_id String
  ) COMMENT 'Why codes were refused, one per failed rule; code 0 where the reason has no number',
  risk_score Nullable(Float64) COMMENT '0 (ordinary) to 1; null when no score could be had',
  risk_action LowCardinality(String) COMMENT 'allow or flag; empty where nothing was scored',
  payload String COMMENT 'The whole event as JSON' CODEC(ZSTD(3)),
  outbox_xid UInt64 COMMENT 'Transaction that announced the event; with outbox_seq its position, by which both stores are compared',
  outbox_seq UInt64
)
ENGINE = {engine:ReplacingMergeTree}
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (project_id, customer, type, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000;
