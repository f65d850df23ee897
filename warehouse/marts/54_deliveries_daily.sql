-- Grain: UTC day × channel × template × outcome × reason. What became of messages to customers, by the day it was told.
-- A delivery counts once a day and outcome, also when it was tried again by hand; one that bounced after it was sent
-- counts in both, on the day of each.
CREATE OR REPLACE VIEW {database}.deliveries_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day',
  channel_id String COMMENT 'The channel',
  channel_kind String COMMENT 'email, sms, messenger, webhook, popup or list_export',
  template_id String COMMENT 'The template',
  outcome String COMMENT 'queued, sent, failed, skipped or bounced',
  reason String COMMENT 'Why it was skipped, failed or bounced; empty where there is nothing to say',
  deliveries_count UInt64 COMMENT 'Deliveries',
  customers_count UInt64 COMMENT 'Different customers of these',
  publications_count UInt64 COMMENT 'Of these deliveries, those that brought a voucher or a code of a pool'
)
AS
SELECT
  project_id,
  toDate(e.occurred_at) AS day,
  toString(e.source) AS channel_id,
  toString(e.channel) AS channel_kind,
  toString(e.name) AS template_id,
  substring(toString(e.type), 10) AS outcome,
  toString(e.outcome) AS reason,
  uniqExact(e.subject_id) AS deliveries_count,
  uniqExactIf(e.customer, e.customer != '') AS customers_count,
  uniqExactIf(e.subject_id, JSONExtractString(e.payload, 'publication_id') != '') AS publications_count
FROM {database}.events AS e
WHERE e.type IN ('delivery.queued', 'delivery.sent', 'delivery.failed', 'delivery.skipped', 'delivery.bounced')
GROUP BY project_id, day, channel_id, channel_kind, template_id, outcome, reason;
