-- Grain: customer × voucher that was given to or kept for the customer. The wallet, as far as events tell.
-- A voucher kept for a customer and then for another one stays with both; the shop's own list is the service's.
CREATE OR REPLACE VIEW {database}.customer_vouchers {on_cluster}
(
  project_id String COMMENT 'The tenant',
  customer String COMMENT 'The shop''s identifier of the customer',
  voucher_id String COMMENT 'Id of the voucher',
  code String COMMENT 'Its code',
  campaign_id String COMMENT 'Its sub-campaign',
  kind String COMMENT 'unique, generic or gift_card',
  got_at DateTime64(3, 'UTC') COMMENT 'When the customer first got it',
  expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it is good; null when for ever or not known',
  status String COMMENT 'used (a redemption stands; of a gift card: empty), disabled, expired or open: the first that holds',
  redemptions_count Int64 COMMENT 'Redemptions of it by the customer that still stand',
  balance_amount Int64 COMMENT 'What a gift card holds, minor units of its campaign''s currency; 0 for other vouchers'
)
AS
WITH
  told AS
  (
    SELECT
      project_id, customer, type, occurred_at, (recorded_at, event_id) AS position, expires_at, balance, outcome,
      if(startsWith(type, 'redemption.'), '', JSONExtractString(payload, 'kind')) AS kind,
      told_code.1 AS code, told_code.2 AS voucher_id, told_code.3 AS campaign_id, told_code.4 AS discount
    FROM {database}.events
    ARRAY JOIN arrayZip(codes.code, codes.voucher_id, codes.campaign_id, codes.discount_amount) AS told_code
    WHERE customer != '' AND told_code.2 != '' AND type IN ('voucher.created', 'voucher.published', 'voucher.assigned', 'voucher.disabled',
      'voucher.enabled', 'voucher.expiry_changed', 'gift_card.credited', 'publication.returned', 'redemption.succeeded', 'redemption.rolled_back')
  ),
  held AS
  (
    SELECT
      project_id, customer, voucher_id,
      max(told.code) AS code,
      any(told.campaign_id) AS campaign,
      max(told.kind) AS kind,
      minIf(occurred_at, type IN ('voucher.created', 'voucher.published', 'voucher.assigned')) AS got,
      argMaxIf(tuple(told.expires_at), position, NOT startsWith(type, 'redemption.') AND type != 'gift_card.credited').1 AS expires,
      argMaxIf(type = 'voucher.disabled', position, type IN ('voucher.disabled', 'voucher.enabled')) AS off,
      sum(multiIf(type = 'redemption.succeeded', 1, type = 'redemption.rolled_back' AND outcome != 'part', -1, 0)) AS standing,
      -- What the card held when it was last told, and what moved since.
      maxIf(position, type = 'gift_card.credited' OR (balance > 0 AND type IN ('voucher.created', 'voucher.published', 'voucher.assigned'))) AS anchor,
      argMaxIf(balance, position, type = 'gift_card.credited' OR (balance > 0 AND type IN ('voucher.created', 'voucher.published', 'voucher.assigned'))) AS anchor_balance,
      groupArrayIf((position, if(type = 'redemption.succeeded', -discount, discount)), startsWith(type, 'redemption.')) AS moves
    FROM told
    GROUP BY project_id, customer, voucher_id
    HAVING countIf(type IN ('voucher.created', 'voucher.published', 'voucher.assigned')) > 0
      -- It did not reach the customer, and went back.
      AND argMaxIf(type != 'publication.returned', position,
        type IN ('voucher.created', 'voucher.published', 'voucher.assigned', 'publication.returned')) = 1
  )
SELECT
  project_id,
  customer,
  voucher_id,
  code,
  campaign AS campaign_id,
  kind,
  got AS got_at,
  expires AS expires_at,
  multiIf(if(kind = 'gift_card', balance_amount <= 0, standing > 0), 'used', off = 1, 'disabled', expires <= now64(3), 'expired', 'open')
    AS status,
  standing AS redemptions_count,
  if(kind = 'gift_card', anchor_balance + arraySum(arrayMap(m -> if(m.1 > anchor, m.2, 0), moves)), 0) AS balance_amount
FROM held;
