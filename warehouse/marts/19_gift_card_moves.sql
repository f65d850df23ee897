-- Grain: a movement of gift-card credit. Everything about liability adds up from here.
-- A batch of cards is one movement of all of them together, with an empty voucher_id. A batch that was cancelled and
-- went on later is two: what it had made when it was cancelled, and the rest.
--
-- `expires_at` is the card's, as it was last announced: what a card holds when it expires, and what comes back to it
-- later, is breakage. A card of a batch that was given another expiry than its batch moves from the batch to itself:
-- two rows of kind `issued` that add up to nothing. Where neither the card's events nor the payment say (events from
-- before expiry was announced), it is the one of the campaign's cards if they all have the same, else none.
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
  cards_count Int64 COMMENT 'Cards made with it: 1, or of a batch all; 0 for what is not issued',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  change_amount Int64 COMMENT 'By how much the balance grew; negative when spent',
  expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when the card is good; null when for ever or not known'
)
AS
WITH
  -- What is known of single cards.
  cards AS
  (
    SELECT project_id, campaign, voucher_id, batch, created_alone, notEmpty(history) AS told, history[-1].3.1 AS expires,
      arrayFirst(h -> h.3 = history[-1].3, history).2 AS told_at
    FROM
    (
    SELECT project_id, any(told.campaign) AS campaign, voucher_id, max(told.batch) AS batch, max(created) AS created_alone,
      arraySort(groupArrayIf((position, at, tuple(told.expires)), tells = 1)) AS history
    FROM
    (
      SELECT
        project_id, campaign_id AS campaign, codes.voucher_id[1] AS voucher_id, JSONExtractString(payload, 'batch_id') AS batch,
        (recorded_at, event_id) AS position, occurred_at AS at, expires_at AS expires, JSONHas(payload, 'expires_at') AS tells,
        type = 'voucher.created' AS created
      FROM {database}.events
      WHERE type IN ('voucher.created', 'voucher.published', 'voucher.assigned', 'voucher.disabled', 'voucher.enabled',
        'voucher.expiry_changed') AND (balance > 0 OR JSONExtractString(payload, 'kind') = 'gift_card')
    ) AS told
    GROUP BY project_id, voucher_id
    )
  ),
  issued AS
  (
    SELECT
      project_id, campaign_id, subject_id, if(type = 'voucher.created', codes.voucher_id[1], '') AS voucher_id, occurred_at,
      customer, expires_at,
      multiIf(type = 'voucher.created', 1, type = 'voucher_batch.completed', JSONExtractInt(payload, 'size'),
        JSONExtractInt(payload, 'done')) AS made,
      if(type = 'voucher.created', balance, changed_by) AS holds,
      -- What an earlier cancellation of the batch said was made is not made again.
      max(made) OVER before AS made_before,
      max(holds) OVER before AS held_before
    FROM {database}.events
    WHERE (type = 'voucher.created' AND (balance > 0 OR JSONExtractString(payload, 'kind') = 'gift_card'))
      OR (type IN ('voucher_batch.completed', 'voucher_batch.cancelled') AND changed_by > 0)
    WINDOW before AS
      (PARTITION BY project_id, subject_id ORDER BY recorded_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ),
  batches AS
  (
    SELECT project_id, subject_id AS batch, max(intDiv(holds, made)) AS each, argMax(tuple(expires_at), made) AS expires
    FROM issued
    WHERE voucher_id = ''
    GROUP BY project_id, batch
  ),
  paid AS
  (
    SELECT project_id, redemption_id, code.2 AS campaign_id, code.1 AS voucher_id, occurred_at, customer, code.3 AS amount,
      code.4 AS expires
    FROM {database}.events
    ARRAY JOIN
      arrayZip(codes.voucher_id, codes.campaign_id, codes.discount_amount, codes.expires_at) AS code,
      arrayEnumerate(codes.code) AS code_position
    WHERE type = 'redemption.succeeded'
      AND arrayExists((place, given) -> place = code_position AND given = 'gift_card', rewards.code_position, rewards.type)
  ),
  given_back AS
  (
    SELECT project_id, redemption_id, code.1 AS voucher_id, occurred_at, customer, code.2 AS amount
    FROM {database}.events
    ARRAY JOIN arrayZip(codes.voucher_id, codes.discount_amount) AS code
    WHERE type = 'redemption.rolled_back' AND code.1 != '' AND code.2 != 0
  ),
  moved AS
  (
    SELECT project_id, campaign_id, voucher_id, occurred_at, 'issued' AS kind, customer, '' AS redemption_id,
      made - made_before AS new_cards, holds - held_before AS change, expires_at AS expires
    FROM issued
    UNION ALL
    SELECT
      c.project_id, c.campaign, part.1, c.told_at, 'issued', '', '', toInt64(0), part.2 * b.each, part.3.1
    FROM cards AS c
    INNER JOIN batches AS b ON b.project_id = c.project_id AND b.batch = c.batch
    ARRAY JOIN [('', toInt64(-1), b.expires), (c.voucher_id, toInt64(1), tuple(c.expires))] AS part
    WHERE c.told AND NOT c.created_alone AND b.expires.1 IS DISTINCT FROM c.expires
    UNION ALL
    SELECT project_id, campaign_id, codes.voucher_id[1], occurred_at, 'credited', customer, '', 0, changed_by, NULL
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
  ),
  common AS
  (
    SELECT project_id, campaign_id, any(tuple(expires_at)).1 AS expires
    FROM issued
    GROUP BY project_id, campaign_id
    HAVING uniqExact(tuple(expires_at)) = 1
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
  m.new_cards AS cards_count,
  ifNull(c.last.currency, '') AS currency,
  m.change AS change_amount,
  multiIf(m.voucher_id = '', m.expires, k.told, k.expires, coalesce(m.expires, o.expires)) AS expires_at
FROM moved AS m
LEFT JOIN cards AS k ON k.project_id = m.project_id AND k.voucher_id = m.voucher_id
LEFT JOIN common AS o ON o.project_id = m.project_id AND o.campaign_id = m.campaign_id
LEFT JOIN {database}.latest_campaigns AS c ON c.project_id = m.project_id AND c.campaign_id = m.campaign_id;
