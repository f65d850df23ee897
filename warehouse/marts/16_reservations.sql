-- Grain: a reservation. From held to confirmed, cancelled or expired; one that is confirmed has a redemption.
CREATE OR REPLACE VIEW {database}.reservations {on_cluster}
(
  project_id String COMMENT 'The tenant',
  reservation_id String COMMENT 'Id of the reservation',
  redemption_id String COMMENT 'Id of the redemption that confirming it makes',
  status String COMMENT 'held, confirmed, cancelled or expired',
  created_at DateTime64(3, 'UTC') COMMENT 'When it was made',
  day Date COMMENT 'UTC day of created_at',
  expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it may be confirmed',
  ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was confirmed, cancelled or found expired; null while it is held',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest',
  order_id String COMMENT 'The shop''s id of the order',
  codes Array(String) COMMENT 'Its codes; empty text for an automatic campaign',
  campaign_ids Array(String) COMMENT 'Their sub-campaigns',
  main_campaign_ids Array(String) COMMENT 'Their main campaigns',
  source String COMMENT 'api, integration, mobile or console',
  channel String COMMENT 'Sales channel of the order',
  store_id String COMMENT 'Store of the order',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  order_amount Int64 COMMENT 'Order before discounts, without shipping',
  discount_amount Int64 COMMENT 'Discount it holds, or held'
)
AS
WITH
  made AS
  (
    SELECT
      project_id, subject_id, redemption_id, occurred_at, customer, order_id, codes.code AS codes_held,
      codes.campaign_id AS campaigns, codes.main_campaign_id AS mains, source, channel, store_id, currency, amount,
      discount_amount, parseDateTime64BestEffortOrNull(JSONExtractString(payload, 'expires_at'), 3, 'UTC') AS expires
    FROM {database}.events
    WHERE type = 'reservation.created'
  ),
  ended AS
  (
    SELECT project_id, subject_id, replaceOne(any(toString(type)), 'reservation.', '') AS how, min(occurred_at) AS at
    FROM {database}.events
    WHERE type IN ('reservation.confirmed', 'reservation.cancelled', 'reservation.expired')
    GROUP BY project_id, subject_id
  )
SELECT
  made.project_id AS project_id,
  made.subject_id AS reservation_id,
  made.redemption_id AS redemption_id,
  if(ifNull(ended.how, '') = '', 'held', ended.how) AS status,
  made.occurred_at AS created_at,
  toDate(made.occurred_at) AS day,
  made.expires AS expires_at,
  if(status = 'held', NULL, ended.at) AS ended_at,
  made.customer AS customer,
  made.order_id AS order_id,
  made.codes_held AS codes,
  arrayDistinct(made.campaigns) AS campaign_ids,
  arrayDistinct(made.mains) AS main_campaign_ids,
  made.source AS source,
  made.channel AS channel,
  made.store_id AS store_id,
  made.currency AS currency,
  made.amount AS order_amount,
  made.discount_amount AS discount_amount
FROM made
LEFT JOIN ended ON ended.project_id = made.project_id AND ended.subject_id = made.subject_id;
