-- Grain: a campaign, main or sub, as it was last announced, with what it has used so far.
-- A main campaign's figures are those of all its sub-campaigns.
CREATE OR REPLACE VIEW {database}.campaigns {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the campaign',
  type String COMMENT 'main or sub',
  parent_id String COMMENT 'The main campaign of a sub-campaign; empty for a main campaign',
  name String COMMENT 'Its name',
  template String COMMENT 'discount, loyalty, gift_card or referral',
  status String COMMENT 'draft, active, paused or archived',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  channel String COMMENT 'Channel it is meant for',
  team String COMMENT 'Team that runs it',
  starts_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Start; null when not bounded',
  ends_at Nullable(DateTime64(3, 'UTC')) COMMENT 'End, exclusive; null when not bounded',
  budget_amount Nullable(Int64) COMMENT 'Budget for discounts; null when unlimited',
  redemptions_max Nullable(Int64) COMMENT 'Redemptions at most; null when unlimited',
  redemptions_count UInt64 COMMENT 'Codes redeemed, rolled back ones included; of an automatic campaign, times it applied',
  rollbacks_count UInt64 COMMENT 'Of these, those of which nothing is left',
  net_redemptions_count UInt64 COMMENT 'Codes redeemed that still stand: what the limit counts',
  net_discount_amount Int64 COMMENT 'Their discount: what the budget has paid',
  budget_used_share Nullable(Float64) COMMENT 'net_discount_amount / budget_amount; null when unlimited',
  last_redeemed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest redemption',
  created_at DateTime64(3, 'UTC') COMMENT 'When it was created',
  updated_at DateTime64(3, 'UTC') COMMENT 'When it was last changed'
)
AS
WITH
  used AS
  (
    SELECT
      project_id,
      campaign,
      count() AS redemptions,
      countIf(rolled_back = 1) AS rollbacks,
      sum(net_discount_amount) AS discount,
      max(occurred_at) AS last_at
    FROM {database}.redemptions
    -- Not the function arrayJoin: a filter on the project would not get past it.
    ARRAY JOIN [campaign_id, main_campaign_id] AS campaign
    GROUP BY project_id, campaign
  )
SELECT
  announced.project_id AS project_id,
  announced.campaign_id AS campaign_id,
  announced.last.type AS type,
  announced.last.parent_id AS parent_id,
  announced.last.name AS name,
  announced.last.template AS template,
  announced.last.status AS status,
  announced.last.currency AS currency,
  announced.last.channel AS channel,
  announced.last.team AS team,
  parseDateTime64BestEffortOrNull(announced.last.starts_at, 3, 'UTC') AS starts_at,
  parseDateTime64BestEffortOrNull(announced.last.ends_at, 3, 'UTC') AS ends_at,
  announced.last.budget_amount AS budget_amount,
  announced.last.redemptions_max AS redemptions_max,
  ifNull(used.redemptions, 0) AS redemptions_count,
  ifNull(used.rollbacks, 0) AS rollbacks_count,
  redemptions_count - rollbacks_count AS net_redemptions_count,
  ifNull(used.discount, 0) AS net_discount_amount,
  if(budget_amount > 0, net_discount_amount / budget_amount, NULL) AS budget_used_share,
  if(redemptions_count > 0, used.last_at, NULL) AS last_redeemed_at,
  announced.created_at AS created_at,
  announced.updated_at AS updated_at
FROM {database}.latest_campaigns AS announced
LEFT JOIN used ON used.project_id = announced.project_id AND used.campaign = announced.campaign_id;
