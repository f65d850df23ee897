-- Grain: a rejection × a reason. Rejected redemptions are never redemptions; what is lost is the basket.
-- `lost_amount` stands on the first reason only, so that it adds up over any set of whole rejections.
--
-- Converted later: within 7 days after the rejection (the 7th day's instant excluded) the customer paid an order, this
-- one or another, on which no redemption stands: bought without a discount. The first such order counts, the status
-- it was last reported with and the redemptions that stand on it now; a later refund or redemption takes it away again.
-- An order in another currency is none: its amount could not be told in the row's. A guest is known by the order alone,
-- and converts with the same order only. One order converts every rejection that
-- it follows, but its amount stands on the newest of them only, on the first reason: it adds up, too.
CREATE OR REPLACE VIEW {database}.rejections {on_cluster}
(
  project_id String COMMENT 'The tenant',
  rejection_id String COMMENT 'Id of the rejection; one row for each of its reasons',
  reason_position UInt16 COMMENT 'Place of the reason, from 1',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it was rejected',
  day Date COMMENT 'UTC day of occurred_at',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest',
  order_id String COMMENT 'The shop''s id of the order',
  code String COMMENT 'The code that the reason refused',
  campaign_id String COMMENT 'Its sub-campaign; empty when the code is unknown',
  reason_key String COMMENT 'Stable key of the reason: voucher_expired, order_below_minimum …',
  reason_code Int64 COMMENT 'Its number; 0 where it has none',
  codes Array(String) COMMENT 'All codes that were tried together',
  source String COMMENT 'api, integration, mobile or console',
  channel String COMMENT 'Sales channel of the order',
  store_id String COMMENT 'Store of the order',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  order_amount Int64 COMMENT 'The basket before discounts, without shipping; the same on every reason of the rejection',
  lost_amount Int64 COMMENT 'order_amount on the first reason of a rejection whose order was not bought later, else 0',
  bought_later UInt8 COMMENT '1 when the same order was paid, or took a redemption, at or after the rejection',
  risk_score Nullable(Float64) COMMENT '0 (ordinary) to 1',
  risk_action String COMMENT 'allow, flag, or reject: it was refused for its risk',
  recorded_at DateTime64(6, 'UTC') COMMENT 'When the service wrote it down',
  converted_later UInt8 COMMENT '1 when within 7 days the customer paid an order of the same currency on which no redemption stands; of a guest, this order',
  converted_later_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the first of them was paid',
  converted_amount Int64 COMMENT 'What it was left to pay, on the first reason of the newest rejection before it, else 0'
)
AS
WITH
  -- `next_at`: the next rejection of the same customer, or of the same guest order.
  rejected AS
  (
    SELECT
      project_id, subject_id, occurred_at, customer, if(customer = '', order_id, '') AS guest_order, order_id,
      codes.code AS codes_tried, arrayZip(reasons.key, reasons.code, reasons.voucher_code, reasons.campaign_id) AS why,
      source, channel, store_id, currency, amount, risk_score, risk_action, recorded_at,
      leadInFrame(toNullable(occurred_at)) OVER
      (
        PARTITION BY project_id, customer, guest_order, currency ORDER BY occurred_at, subject_id
        ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
      ) AS next_at
    FROM {database}.events
    WHERE type = 'redemption.rejected'
  ),
  undiscounted AS
  (
    SELECT project_id, customer, if(customer = '', order_id, '') AS guest_order, currency,
      arraySort(groupArray((assumeNotNull(paid), total))) AS payments
    FROM
    (
      SELECT
        project_id, customer, order_id,
        argMaxIf(type, (recorded_at, event_id), startsWith(type, 'order.')) = 'order.paid' AS is_paid,
        argMaxIf(total_amount, (recorded_at, event_id), startsWith(type, 'order.')) AS total,
        argMaxIf(toString(e.currency), (recorded_at, event_id), startsWith(type, 'order.')) AS currency,
        minOrNullIf(occurred_at, type = 'order.paid') AS paid,
        sum(multiIf(type = 'redemption.succeeded', 1, type = 'redemption.rolled_back' AND outcome != 'part', -1, 0)) AS standing
      FROM {database}.events AS e
      WHERE type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded', 'redemption.succeeded',
        'redemption.rolled_back') AND order_id != ''
      GROUP BY project_id, customer, order_id
      HAVING is_paid AND standing = 0 AND paid IS NOT NULL
    )
    GROUP BY project_id, customer, guest_order, currency
  ),
  -- The first payment at or after each rejection. Not an ASOF join, past which no filter on the project gets.
  followed AS
  (
    SELECT r.*, arrayFirst(p -> p.1 >= r.occurred_at, u.payments) AS payment,
      if(payment.1 >= r.occurred_at AND payment.1 < r.occurred_at + INTERVAL 7 DAY, payment.1, NULL) AS converted_at,
      payment.2 AS converted_total
    FROM rejected AS r
    LEFT JOIN undiscounted AS u
      ON u.project_id = r.project_id AND u.customer = r.customer AND u.guest_order = r.guest_order AND u.currency = r.currency
  ),
  refused AS
  (
    SELECT
      project_id, subject_id, reason_position, occurred_at, customer, order_id, codes_tried,
      reason.1 AS reason_key, reason.2 AS reason_code, reason.3 AS voucher_code, reason.4 AS reason_campaign,
      source, channel, store_id, currency, amount, risk_score, risk_action, recorded_at, next_at, converted_at,
      converted_total
    FROM followed
    LEFT ARRAY JOIN why AS reason, arrayEnumerate(why) AS reason_position
  ),
  bought AS
  (
    SELECT project_id, order_id, max(occurred_at) AS at
    FROM {database}.events
    WHERE type IN ('order.paid', 'redemption.succeeded') AND order_id != ''
    GROUP BY project_id, order_id
  )
SELECT
  refused.project_id AS project_id,
  refused.subject_id AS rejection_id,
  refused.reason_position AS reason_position,
  refused.occurred_at AS occurred_at,
  toDate(refused.occurred_at) AS day,
  refused.customer AS customer,
  refused.order_id AS order_id,
  refused.voucher_code AS code,
  refused.reason_campaign AS campaign_id,
  refused.reason_key AS reason_key,
  refused.reason_code AS reason_code,
  refused.codes_tried AS codes,
  refused.source AS source,
  refused.channel AS channel,
  refused.store_id AS store_id,
  refused.currency AS currency,
  refused.amount AS order_amount,
  if(refused.reason_position <= 1 AND bought_later = 0, refused.amount, 0) AS lost_amount,
  ifNull(bought.at >= refused.occurred_at, 0) AS bought_later,
  refused.risk_score AS risk_score,
  refused.risk_action AS risk_action,
  refused.recorded_at AS recorded_at,
  refused.converted_at IS NOT NULL AS converted_later,
  refused.converted_at AS converted_later_at,
  if(converted_later = 1 AND refused.reason_position <= 1 AND NOT ifNull(refused.next_at <= refused.converted_at, 0),
    refused.converted_total, 0) AS converted_amount
FROM refused
LEFT JOIN bought ON bought.project_id = refused.project_id AND bought.order_id = refused.order_id;
