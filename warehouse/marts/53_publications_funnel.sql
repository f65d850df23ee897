-- Grain: UTC day × campaign × channel of the publication. What became of the codes that were handed out that day.
-- A cohort: everything is counted at the publication, whenever it happened afterwards. A publication counts as validated
-- or redeemed when its customer did that with its voucher since; of one that went back, when they did it before that: the
-- same code may have come to them again, and that is the other publication's. Codes of pools are of no campaign, and nobody
-- redeems them here.
CREATE OR REPLACE VIEW {database}.publications_funnel {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'The sub-campaign; empty for codes of third parties',
  day Date COMMENT 'UTC day of the publication',
  channel String COMMENT 'How it was handed out, as the publication says: api, job, workflow, reward or a name of the shop''s own',
  published_count UInt64 COMMENT 'Codes handed out',
  queued_count UInt64 COMMENT 'Of these, those for which a message was ordered',
  sent_count UInt64 COMMENT 'Of these, those whose message a provider accepted; it may have bounced later',
  failed_count UInt64 COMMENT 'Of the published, those whose message did not arrive, or nobody knows',
  returned_count UInt64 COMMENT 'Of the failed, those whose code went back to be handed out again',
  validated_count UInt64 COMMENT 'Of the published, those whose customer had the code validated as valid, or redeemed it at once',
  redeemed_count UInt64 COMMENT 'Of the published, those whose customer redeemed the code, also when that was rolled back'
)
AS
WITH
  publications AS
  (
    SELECT
      project_id,
      subject_id AS publication_id,
      maxIf(e.campaign_id, begins) AS campaign,
      maxIf(e.customer, begins) AS who,
      maxIf(e.channel, begins) AS by_channel,
      maxIf(codes.voucher_id[1], begins) AS voucher,
      minIf(e.occurred_at, begins) AS at,
      max(type = 'publication.queued') AS queued,
      max(type = 'publication.delivered') AS sent,
      max(type IN ('publication.failed', 'publication.returned')) AS failed,
      max(type = 'publication.returned') AS returned,
      minIf(e.occurred_at, type = 'publication.returned') AS returned_at
    FROM
    (
      SELECT
        project_id, subject_id, type, campaign_id, customer, channel, codes.voucher_id, occurred_at,
        type IN ('voucher.published', 'pool_code.published') AS begins
      FROM {database}.events
      WHERE type IN ('voucher.published', 'pool_code.published', 'publication.queued', 'publication.delivered',
        'publication.failed', 'publication.returned')
    ) AS e
    GROUP BY project_id, publication_id
    HAVING max(begins) = 1
  ),
  uses AS
  (
    SELECT
      project_id, customer AS who, voucher,
      min(occurred_at) AS used_at,
      max(occurred_at) AS last_used_at,
      max(type = 'redemption.succeeded') AS redeemed,
      minIf(occurred_at, type = 'redemption.succeeded') AS redeemed_at,
      maxIf(occurred_at, type = 'redemption.succeeded') AS last_redeemed_at
    FROM {database}.events
    ARRAY JOIN codes.voucher_id AS voucher
    WHERE customer != '' AND voucher != ''
      AND (type = 'redemption.succeeded' OR type = 'validation.performed' AND outcome = 'valid')
    GROUP BY project_id, who, voucher
  )
SELECT
  p.project_id AS project_id,
  toString(p.campaign) AS campaign_id,
  toDate(p.at) AS day,
  toString(p.by_channel) AS channel,
  count() AS published_count,
  -- What arrived was ordered, also where that was not told by itself.
  countIf(p.queued = 1 OR p.sent = 1) AS queued_count,
  countIf(p.sent = 1) AS sent_count,
  countIf(p.failed = 1) AS failed_count,
  countIf(p.returned = 1) AS returned_count,
  countIf(u.who != '' AND u.last_used_at >= p.at AND (p.returned = 0 OR u.used_at < p.returned_at)) AS validated_count,
  countIf(u.redeemed = 1 AND u.last_redeemed_at >= p.at AND (p.returned = 0 OR u.redeemed_at < p.returned_at)) AS redeemed_count
FROM publications AS p
LEFT JOIN uses AS u ON u.project_id = p.project_id AND u.who = p.who AND u.voucher = p.voucher
GROUP BY project_id, campaign_id, day, channel;
