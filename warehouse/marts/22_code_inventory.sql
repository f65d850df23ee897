-- Grain: a sub-campaign that has vouchers. What became of its codes:
-- created_count = redeemed_count + disabled_count + expired_count + available_count, each code in the first that holds.
-- A redeemed code may still be good (a generic code, a gift card with a rest): what counts is that it was used.
--
-- Codes of a batch count when the batch is done or cancelled. One of them is known by itself only from its first event
-- on; how many are past their expiry is counted by batch. A redeemed code of which no expiry was told is taken for one
-- of the campaign's batches without expiry, as far as these reach.
-- Events from before expiry was announced say nothing of it: such codes never expire here.
CREATE OR REPLACE VIEW {database}.code_inventory {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the sub-campaign',
  campaign_name String COMMENT 'Its name',
  main_campaign_id String COMMENT 'Its main campaign; every code belongs to one sub-campaign, so these add up',
  status String COMMENT 'draft, active, paused or archived',
  ends_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the campaign, and with it every code of it, is over; null when not bounded',
  created_count UInt64 COMMENT 'Codes there are',
  unique_count UInt64 COMMENT 'Of these, codes for one use or one customer',
  generic_count UInt64 COMMENT 'Of these, codes that many may use',
  gift_cards_count UInt64 COMMENT 'Of these, gift cards',
  distributed_count UInt64 COMMENT 'Of created_count, those given to or kept for a customer',
  redeemed_count UInt64 COMMENT 'Of created_count, those with a redemption that still stands',
  disabled_count UInt64 COMMENT 'Of the rest, those switched off',
  expired_count UInt64 COMMENT 'Of the rest, those past their expiry or the end of the campaign',
  available_count UInt64 COMMENT 'The rest: usable once the campaign is active',
  redeemed_share Nullable(Float64) COMMENT 'redeemed_count / created_count; null when there are none'
)
AS
WITH
  used AS
  (
    SELECT r.project_id AS project_id, r.campaign_id AS campaign_id, r.voucher_id AS voucher_id, max(r.expires) AS expires
    FROM
    (
      SELECT project_id, redemption_id, code.1 AS voucher_id, code.2 AS campaign_id, code.3 AS expires
      FROM {database}.events
      ARRAY JOIN arrayZip(codes.voucher_id, codes.campaign_id, codes.expires_at) AS code
      WHERE type = 'redemption.succeeded' AND code.1 != ''
    ) AS r
    LEFT JOIN
    (
      SELECT DISTINCT project_id, redemption_id, 1 AS found
      FROM {database}.events
      WHERE type = 'redemption.rolled_back' AND outcome != 'part'
    ) AS undone ON undone.project_id = r.project_id AND undone.redemption_id = r.redemption_id
    WHERE undone.found = 0
    GROUP BY project_id, campaign_id, voucher_id
  ),
  told AS
  (
    SELECT project_id, campaign_id, codes.voucher_id[1] AS voucher_id, type, (recorded_at, event_id) AS position, customer,
      expires_at, JSONExtractString(payload, 'kind') AS kind, JSONExtractString(payload, 'batch_id') AS batch, 0 AS redeemed
    FROM {database}.events
    WHERE type IN ('voucher.created', 'voucher.published', 'voucher.assigned', 'voucher.disabled', 'voucher.enabled',
      'voucher.expiry_changed', 'publication.returned')
    UNION ALL
    SELECT project_id, campaign_id, voucher_id, '', (toDateTime64(0, 6, 'UTC'), ''), '', expires, '', '', 1
    FROM used
  ),
  vouchers AS
  (
    SELECT
      project_id, campaign_id, voucher_id,
      max(type = 'voucher.created') AS own,
      max(t.kind) AS kind,
      max(t.batch) AS batch,
      argMax(tuple(t.expires_at), position).1 AS expires,
      -- What came back from a customer whom it did not reach is nobody's again.
      argMaxIf(type != 'publication.returned', position,
        type IN ('voucher.published', 'voucher.assigned') OR customer != '') AS given,
      argMaxIf(type = 'voucher.disabled', position, type IN ('voucher.disabled', 'voucher.enabled')) AS off,
      max(t.redeemed) AS redeemed
    FROM told AS t
    GROUP BY project_id, campaign_id, voucher_id
  ),
  batches AS
  (
    SELECT
      project_id, campaign_id, subject_id AS batch,
      max(if(type = 'voucher_batch.completed', JSONExtractUInt(payload, 'size'), JSONExtractUInt(payload, 'done'))) AS made,
      argMax(multiIf(JSONExtractString(payload, 'kind') != '', JSONExtractString(payload, 'kind'), changed_by > 0, 'gift_card', 'unique'),
        recorded_at) AS batch_kind,
      max(e.expires_at) AS expires
    FROM {database}.events AS e
    WHERE type IN ('voucher_batch.completed', 'voucher_batch.cancelled')
    GROUP BY project_id, campaign_id, batch
  ),
  by_voucher AS
  (
    SELECT
      project_id, campaign_id,
      countIf(own = 1) AS singles,
      countIf(own = 1 AND kind = 'generic') AS singles_generic,
      countIf(own = 1 AND kind = 'gift_card') AS singles_cards,
      countIf(given = 1) AS given_count,
      countIf(redeemed = 1) AS redeemed_vouchers,
      countIf(redeemed = 0 AND off = 1) AS off_count,
      -- Those in nobody's way: neither redeemed nor off.
      countIf(redeemed = 0 AND off = 0 AND expires <= now64(3)) AS gone,
      -- Of batches: from one that has expired, and from one that is not known.
      countIf(own = 0) AS drawn,
      countIf(own = 0 AND source = 'gone') AS drawn_gone,
      countIf(own = 0 AND source = 'silent') AS drawn_silent,
      countIf(own = 0 AND source = 'silent' AND redeemed = 0 AND off = 0) AS drawn_silent_left
    FROM
    (
      -- A redeemed code without events of its own has the expiry of its batch.
      SELECT v.*, multiIf(v.batch = '' AND v.expires IS NULL, 'silent',
        ifNull(if(v.batch = '', v.expires, b.expires) <= now64(3), 0), 'gone', 'good') AS source
      FROM vouchers AS v
      LEFT JOIN batches AS b ON b.project_id = v.project_id AND b.batch = v.batch
    )
    GROUP BY project_id, campaign_id
  ),
  by_batch AS
  (
    SELECT
      project_id, campaign_id,
      sum(made) AS batched,
      sumIf(made, batch_kind = 'generic') AS batched_generic,
      sumIf(made, batch_kind = 'gift_card') AS batched_cards,
      sumIf(made, expires <= now64(3)) AS batched_gone,
      sumIf(made, expires IS NULL) AS batched_for_ever
    FROM batches
    GROUP BY project_id, campaign_id
  ),
  counted AS
  (
    SELECT
      c.project_id AS project_id, c.campaign_id AS campaign_id, c.last AS last,
      parseDateTime64BestEffortOrNull(c.last.ends_at, 3, 'UTC') AS end_at,
      v.given_count AS given_count, v.redeemed_vouchers AS redeemed, v.off_count AS off_count, v.gone AS gone,
      v.singles AS singles, v.singles_generic AS singles_generic, v.singles_cards AS singles_cards,
      v.drawn_gone AS drawn_gone, v.drawn_silent_left AS silent_left, b.batched_generic AS batched_generic,
      b.batched_cards AS batched_cards, b.batched_gone AS batched_gone,
      -- A batch on its way announces nothing yet, but its codes may be used.
      greatest(b.batched, v.drawn) AS batched,
      v.singles + batched AS made,
      b.batched_gone > 0 AND b.batched_gone >= batched AS all_gone,
      least(greatest(0, toInt64(b.batched_gone) - toInt64(v.drawn_gone)), greatest(0, toInt64(v.drawn_silent) - toInt64(b.batched_for_ever)))
        AS silent_gone
    FROM {database}.latest_campaigns AS c
    LEFT JOIN by_voucher AS v ON v.project_id = c.project_id AND v.campaign_id = c.campaign_id
    LEFT JOIN by_batch AS b ON b.project_id = c.project_id AND b.campaign_id = c.campaign_id
    WHERE c.last.type = 'sub' AND (v.singles > 0 OR v.drawn > 0 OR b.batched > 0)
  )
SELECT
  project_id,
  campaign_id,
  last.name AS campaign_name,
  last.parent_id AS main_campaign_id,
  last.status AS status,
  end_at AS ends_at,
  made AS created_count,
  created_count - generic_count - gift_cards_count AS unique_count,
  singles_generic + batched_generic AS generic_count,
  singles_cards + batched_cards AS gift_cards_count,
  given_count AS distributed_count,
  redeemed AS redeemed_count,
  off_count AS disabled_count,
  toUInt64(if(end_at <= now64(3), rest, least(rest,
    gone + if(all_gone, silent_left, 0) + greatest(0, toInt64(batched_gone) - toInt64(drawn_gone) - silent_gone)))) AS expired_count,
  toUInt64(rest - toInt64(expired_count)) AS available_count,
  if(created_count > 0, redeemed_count / created_count, NULL) AS redeemed_share
FROM
(
  SELECT *, greatest(0, toInt64(made) - toInt64(redeemed) - toInt64(off_count)) AS rest FROM counted
);
