-- Grain: a redemption × a code it took.
-- A code is empty where an automatic campaign applied without one.
-- A rollback never takes a row away. Each adds to `rolled_back_amount`, and `net_discount_amount` is what still stands;
-- `rolled_back` is set once nothing of the redemption is left. Order amounts repeat on every code of a redemption: sum them over distinct redemption_id only.
CREATE OR REPLACE VIEW {database}.redemptions {on_cluster}
(
  project_id String COMMENT 'The tenant',
  redemption_id String COMMENT 'Id of the redemption; one row for each of its codes',
  code_position UInt16 COMMENT 'Place of the code in the redemption, from 1',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it was redeemed',
  day Date COMMENT 'UTC day of occurred_at',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest',
  order_id String COMMENT 'The shop''s id of the order',
  code String COMMENT 'The code as it was typed; empty for an automatic campaign',
  voucher_id String COMMENT 'Id of the voucher; empty for an automatic campaign',
  campaign_id String COMMENT 'The sub-campaign',
  main_campaign_id String COMMENT 'Its main campaign',
  source String COMMENT 'api, integration, mobile or console',
  channel String COMMENT 'Sales channel of the order',
  store_id String COMMENT 'Store of the order',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  discount_amount Int64 COMMENT 'What this code took off',
  rolled_back UInt8 COMMENT '1 when nothing is left of the redemption: it was rolled back whole, or part after part',
  rolled_back_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the last of it was rolled back',
  rolled_back_amount Int64 COMMENT 'Discount of this code given back, also in parts',
  net_discount_amount Int64 COMMENT 'discount_amount − rolled_back_amount',
  order_amount Int64 COMMENT 'Order before discounts, without shipping; the same on every code of the redemption',
  order_discount_amount Int64 COMMENT 'All discounts of the order; the same on every code of the redemption',
  order_total_amount Int64 COMMENT 'What was left to pay; the same on every code of the redemption',
  risk_score Nullable(Float64) COMMENT '0 (ordinary) to 1',
  risk_action String COMMENT 'allow, flag, or hold: a reviewer has let it pass; empty where nothing was assessed',
  recorded_at DateTime64(6, 'UTC') COMMENT 'When the service wrote it down',
  automatic UInt8 COMMENT '1 for an automatic campaign',
  gift_card UInt8 COMMENT '1 for a gift card: its discount is what the card paid',
  rollbacks_count UInt64 COMMENT 'Rollbacks of the redemption so far, partial ones too; the same on every code of it',
  cost_amount Nullable(Int64) COMMENT 'What the lines of the order cost the shop; null when it did not say so of every line; the same on every code of the redemption',
  margin_amount Nullable(Int64) COMMENT 'What the lines of the order were left to pay, without shipping, − cost_amount; the same on every code of the redemption'
)
AS
WITH
  taken AS
  (
    SELECT
      project_id, redemption_id, code_position, occurred_at, customer, order_id,
      taken_code.1 AS code, taken_code.2 AS voucher_id, taken_code.3 AS campaign_id, taken_code.4 AS main_campaign_id,
      taken_code.5 AS code_discount,
      arrayExists((place, given) -> place = code_position AND given = 'gift_card', rewards.code_position, rewards.type)
        AS by_card,
      source, channel, store_id, currency, amount, discount_amount, total_amount, risk_score, risk_action, recorded_at,
      if(has(items.unit_cost_amount, NULL), NULL,
        arraySum((quantity, cost) -> quantity * ifNull(cost, 0), items.quantity, items.unit_cost_amount)) AS cost,
      -- What an earlier redemption of the same order took off the shipping is not known here, and counts as lines.
      total_amount - greatest(0, shipping_amount - (discount_amount - arraySum(items.discount_amount))) AS lines_left
    FROM {database}.events
    ARRAY JOIN
      arrayZip(codes.code, codes.voucher_id, codes.campaign_id, codes.main_campaign_id, codes.discount_amount) AS taken_code,
      arrayEnumerate(codes.code) AS code_position
    WHERE type = 'redemption.succeeded'
  ),
  -- What was given back is a list beside the redemption, not a table of its own: all events would be read once more.
  undone AS
  (
    SELECT project_id, redemption_id, count() AS rollbacks, countIf(outcome != 'part') AS wholes,
      maxIf(occurred_at, outcome != 'part') AS at,
      groupArrayArray(arrayZip(codes.code, codes.campaign_id, codes.discount_amount)) AS given_back
    FROM {database}.events
    WHERE type = 'redemption.rolled_back'
    GROUP BY project_id, redemption_id
  )
SELECT
  taken.project_id AS project_id,
  taken.redemption_id AS redemption_id,
  taken.code_position AS code_position,
  taken.occurred_at AS occurred_at,
  toDate(taken.occurred_at) AS day,
  taken.customer AS customer,
  taken.order_id AS order_id,
  taken.code AS code,
  taken.voucher_id AS voucher_id,
  taken.campaign_id AS campaign_id,
  taken.main_campaign_id AS main_campaign_id,
  taken.source AS source,
  taken.channel AS channel,
  taken.store_id AS store_id,
  taken.currency AS currency,
  taken.code_discount AS discount_amount,
  ifNull(undone.wholes, 0) > 0 AS rolled_back,
  if(rolled_back = 1, undone.at, NULL) AS rolled_back_at,
  -- By campaign too: every automatic campaign has the same, empty code.
  arraySum(given -> if(given.1 = taken.code AND given.2 = taken.campaign_id, given.3, 0), undone.given_back) AS rolled_back_amount,
  taken.code_discount - rolled_back_amount AS net_discount_amount,
  taken.amount AS order_amount,
  taken.discount_amount AS order_discount_amount,
  taken.total_amount AS order_total_amount,
  taken.risk_score AS risk_score,
  taken.risk_action AS risk_action,
  taken.recorded_at AS recorded_at,
  taken.voucher_id = '' AS automatic,
  taken.by_card AS gift_card,
  ifNull(undone.rollbacks, 0) AS rollbacks_count,
  taken.cost AS cost_amount,
  taken.lines_left - taken.cost AS margin_amount
FROM taken
LEFT JOIN undone ON undone.project_id = taken.project_id AND undone.redemption_id = taken.redemption_id;
