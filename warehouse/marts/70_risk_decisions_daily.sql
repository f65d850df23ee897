-- Grain: UTC day × campaign × action × currency. What the risk of attempts led to.
-- An attempt is a redemption, a rejection or a hold; a hold counts when it is made, and not again when a reviewer has
-- let it pass. One with codes of several campaigns stands under each of them; one without a campaign under an empty id.
CREATE OR REPLACE VIEW {database}.risk_decisions_daily {on_cluster}
(
  project_id String COMMENT 'The tenant',
  day Date COMMENT 'UTC day of the attempt',
  campaign_id String COMMENT 'The sub-campaign of a code or an automatic campaign; empty where no code is known',
  action String COMMENT 'allow, flag, hold or reject',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  attempts_count UInt64 COMMENT 'Attempts that were assessed',
  scored_count UInt64 COMMENT 'Of those, with a score',
  discount_amount Int64 COMMENT 'Given, held, or, of what risk refused, withheld',
  order_amount Int64 COMMENT 'The orders before discounts, without shipping; the same on each campaign of an attempt',
  mean_score Nullable(Float64) COMMENT 'Mean score; null when none had one'
)
AS
SELECT
  project_id,
  toDate(occurred_at) AS day,
  campaign.1 AS campaign_id,
  toString(risk_action) AS action,
  toString(currency) AS currency,
  count() AS attempts_count,
  count(risk_score) AS scored_count,
  sum(campaign.2) AS discount_amount,
  sum(amount) AS order_amount,
  avgOrNull(risk_score) AS mean_score
FROM
(
  SELECT
    project_id, occurred_at, risk_action, risk_score, currency, amount,
    JSONExtractInt(payload, 'risk', 'withheld_amount') AS withheld,
    arrayDistinct(codes.campaign_id) AS ids,
    if(empty(ids), [''], ids) AS known,
    -- What was withheld is of the order: it stands under the first of its campaigns.
    arrayMap((id, place) -> (id, arraySum((other, given) -> if(other = id, given, 0), codes.campaign_id, codes.discount_amount)
      + if(place = 1, withheld, 0)), known, arrayEnumerate(known)) AS by_campaign
  FROM {database}.events
  WHERE type IN ('redemption.succeeded', 'redemption.rejected', 'reservation.created') AND risk_action != ''
    AND if(type = 'reservation.created', outcome = 'held_for_review', NOT (type = 'redemption.succeeded' AND risk_action = 'hold'))
)
ARRAY JOIN by_campaign AS campaign
GROUP BY project_id, day, campaign_id, action, currency;
