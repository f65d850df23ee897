-- Grain: a movement of gift-card credit. Everything about liability adds up from here.
-- A batch of cards is one movement of all of them together, with an empty voucher_id. A batch that was cancelled and
-- went on later is two: what it had made when it was cancelled, and the rest.
--
-- `expires_at` is the card's. What a card held when it expired, and what came back to it later, is breakage. Where the
-- payment does not say (events from before it was announced), it is the card's by another event, else the one of the
-- campaign's cards if they all have the same, else none.
-- Balance that a reservation holds is not spent before it is confirmed.
CREATE OR REPLACE VIEW {database}.gift_card_moves {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the sub-campaign',
  voucher_id String COMMENT 'Id of the card; empty for a batch',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it moved',
  day Date COMMENT 'UTC day of occurred_at',
  kind String COMMENT 'issued, credited (by a reward or by hand; negative when taken back), spent, or returned by a rollback',
  customer String COMMENT 'The shop''s identifier of the customer who paid or was credited; empty where there is none',
  redemption_id String COMMENT 'The redemption that paid with it or was rolled back; empty for the others',
  cards_count UInt64 COMMENT 'Cards made with it: 1, or of a batch all; 0 for what is not issued',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  change_amount Int64 COMMENT 'By how much the balance grew; negative when spent',
  expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when the card is good; null when for ever or not known'
)
AS
WITH
  issued AS
  (
    SELECT
      project_id, campaign_id, if(type = 'voucher.created', codes.voucher_id[1], '') AS voucher_id, occurred_at, customer,
      expires_at,
      multiIf(type = 'voucher.created', 1, type = 'voucher_batch.completed', JSONExtractUInt(payload, 'size'),
        JSONExtractUInt(payload, 'done')) AS made,
      if(type = 'voucher.created', balance, changed_by) AS holds,
      -- Of a batch: what an earlier cancellation said was made and holds is not made again.
      if(type = 'voucher.created', 0,
        max(made) OVER (PARTITION BY project_id, subject_id ORDER BY recorded_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS made_before,
      if(type = 'voucher.created', 0,
        max(holds) OVER (PARTITION BY project_id, subject_id ORDER BY recorded_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS held_before
    FROM {database}.events
    WHERE (type = 'voucher.created' AND (balance > 0 OR JSONExtractString(payload, 'kind') = 'gift_card'))
      OR (type IN ('voucher_batch.completed', 'voucher_batch.cancelled') AND changed_by > 0)
  ),
  paid AS
  (
    SELECT
      project_id, redemption_id, code.3 AS campaign_id, code.2 AS voucher_id, occurred_at, customer, code.4 AS amount,
      parseDateTime64BestEffortOrNull(JSONExtractString(payload, 'codes', code_position, 'expires_at'), 3, 'UTC') AS expires
    FROM {database}.events
    ARRAY JOIN
      arrayZip(codes.code, codes.voucher_id, codes.campaign_id, codes.discount_amount) AS code,
      arrayEnumerate(codes.code) AS code_position
    WHERE type = 'redemption.succeeded'
      AND arrayExists((place, given) -> place = code_position AND given = 'gift_card', rewards.code_position, rewards.type)
  ),
  given_back AS
  (
    SELECT project_id, redemption_id, code.1 AS voucher_id, occurred_at, customer, code.2 AS amount
    FROM {database}.events
    ARRAY JOIN arrayZip(codes.voucher_id, codes.discount_amount) AS code
    WHERE type = 'redemption.rolled_back' AND code.1 != ''
  ),
  moved AS
  (
    SELECT project_id, campaign_id, voucher_id, occurred_at, 'issued' AS kind, customer, '' AS redemption_id,
      toUInt64(made - made_before) AS cards, toInt64(holds - held_before) AS change, expires_at AS expires
    FROM issued
    UNION ALL
    SELECT project_id, campaign_id, codes.voucher_id[1], occurred_at, 'credited', customer, '', 0, changed_by, expires_at
    FROM {database}.events
    WHERE type = 'gift_card.credited'
    UNION ALL
    SELECT project_id, campaign_id, voucher_id, occurred_at, 'spent', customer, redemption_id, 0, -amount, expires
    FROM paid
    UNION ALL
    SELECT p.project_id, p.campaign_id, p.voucher_id, b.occurred_at, 'returned', b.customer, p.redemption_id, 0, b.amount, p.expires
    FROM given_back AS b
    INNER JOIN paid AS p
      ON p.project_id = b.project_id AND p.redemption_id = b.redemption_id AND p.voucher_id = b.voucher_id
    WHERE b.amount != 0
  ),
  -- What is known of a card by any of its events, and of a campaign's cards if they all have the same.
  known AS
  (
    SELECT project_id, voucher_id, max(m.expires) AS expires
    FROM moved AS m
    WHERE voucher_id != '' AND m.expires IS NOT NULL
    GROUP BY project_id, voucher_id
  ),
  common AS
  (
    SELECT project_id, campaign_id, any(m.expires) AS expires
    FROM moved AS m
    WHERE kind = 'issued'
    GROUP BY project_id, campaign_id
    HAVING uniqExact(tuple(m.expires)) = 1
  )
SELECT
  m.project_id AS project_id,
  m.campaign_id AS campaign_id,
  m.voucher_id AS voucher_id,
  m.occurred_at AS occurred_at,
  toDate(m.occurred_at) AS day,
  m.kind AS kind,
  m.customer AS customer,
  m.redemption_id AS redemption_id,
  m.cards AS cards_count,
  ifNull(c.last.currency, '') AS currency,
  m.change AS change_amount,
  if(m.kind = 'issued', m.expires, coalesce(m.expires, known.expires, common.expires)) AS expires_at
FROM moved AS m
LEFT JOIN known ON known.project_id = m.project_id AND known.voucher_id = m.voucher_id
LEFT JOIN common ON common.project_id = m.project_id AND common.campaign_id = m.campaign_id
LEFT JOIN {database}.latest_campaigns AS c ON c.project_id = m.project_id AND c.campaign_id = m.campaign_id;
