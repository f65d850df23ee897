-- Grain: a campaign with a budget, main or sub. How fast it spends, and when the budget will be used up.
-- A main campaign's figures are those of all its sub-campaigns. Amounts are what still stands of the discounts, on the
-- day of their redemption: a rollback gives back to the budget, and to the day it was taken on.
--
-- The forecast takes the discount of a day as a random walk with drift: mean μ and standard deviation σ of the last 28
-- days of the campaign's run, days without a redemption as 0 (a weekly rhythm evens out over 28 days). It is used up
-- after n days where n·μ = left. The 95 % interval are those n at which n·μ ± t·σ·√(n + n²/D) = left, D the days
-- looked at: √n is the walk's own spread, n/√D that of the mean, which was estimated from D days only; t is the
-- quantile of Student's t with D − 1 degrees of freedom. Both ends solve n²·(μ² − t²σ²/D) − n·(2·left·μ + t²σ²) + left²
-- = 0; where μ is not clearly above 0 there is no latest day. That is the time of first passage of a Brownian motion
-- with drift (its mean is left/μ; Cox & Miller, The Theory of Stochastic Processes, 1965, section 5.7), read off its
-- position, which leaves out paths that were above and came back: spending hardly goes back.
--
-- As of: now, while the project is alive, which is: it had a redemption, a rejection or a paid order in the last 28
-- days. The days looked at then end with yesterday, the last whole one. Historic data, an import say, is looked at as
-- of the end of its newest day.
-- No forecast: of a campaign that is archived, over, not begun, used up, or without a redemption in the days looked at.
CREATE OR REPLACE VIEW {database}.campaign_pace {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the campaign',
  campaign_name String COMMENT 'Its name',
  campaign_type String COMMENT 'main or sub; a main campaign''s figures cover its sub-campaigns: never add the two',
  parent_id String COMMENT 'The main campaign of a sub-campaign; empty for a main campaign',
  status String COMMENT 'draft, active, paused or archived',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  as_of_day Date COMMENT 'The day the forecast looks from: today, or the newest day of historic data',
  starts_on Nullable(Date) COMMENT 'First day of its run: the start, or an earlier first redemption; null before both are known',
  ends_on Nullable(Date) COMMENT 'Last day on which it runs; null when not bounded',
  budget_amount Int64 COMMENT 'Budget for discounts',
  used_amount Int64 COMMENT 'What the budget has paid: discount that still stands',
  used_share Float64 COMMENT 'used_amount / budget_amount',
  left_amount Int64 COMMENT 'budget_amount − used_amount; never negative',
  reached_80_on Nullable(Date) COMMENT 'Day on which 80 % were used, by what still stands; null before',
  reached_100_on Nullable(Date) COMMENT 'Day on which all was used, by what still stands; null before',
  days_count UInt32 COMMENT 'Days looked at for the pace: at most the last 28 of its run',
  daily_amount Float64 COMMENT 'Mean discount of a day over these days',
  daily_deviation Float64 COMMENT 'Standard deviation of a day''s discount over these days; 0 for a single day',
  forecast_exhausted_on Nullable(Date) COMMENT 'Day on which the budget will be used up at this pace; null when there is no forecast',
  forecast_earliest_on Nullable(Date) COMMENT 'Early end of the 95 % interval; null below 7 days looked at',
  forecast_latest_on Nullable(Date) COMMENT 'Late end of the 95 % interval; null below 7 days looked at, and when it may well never be used up',
  expected_share_at_end Nullable(Float64) COMMENT 'Share of the budget used by ends_on at this pace, above 1 when it does not suffice; null when not bounded or not begun',
  alert String COMMENT 'reached_100, reached_80, exhausts_early (forecast before ends_on), or empty; the first that holds'
)
AS
WITH
  newest AS
  (
    SELECT project_id, least(toDate(max(occurred_at)), toDate(now('UTC'))) AS newest_day
    FROM {database}.events
    WHERE type IN ('redemption.succeeded', 'redemption.rejected', 'order.paid')
    GROUP BY project_id
  ),
  spent AS
  (
    SELECT project_id, campaign, arraySort(groupArray((day, amount))) AS days
    FROM
    (
      SELECT project_id, campaign, day, sum(net_discount_amount) AS amount
      FROM {database}.redemptions
      -- Not the function arrayJoin: a filter on the project would not get past it.
      ARRAY JOIN [campaign_id, main_campaign_id] AS campaign
      GROUP BY project_id, campaign, day
    )
    GROUP BY project_id, campaign
  ),
  run AS
  (
    SELECT
      c.project_id AS project_id, c.campaign_id AS campaign_id, c.last AS last, s.days AS days,
      assumeNotNull(c.last.budget_amount) AS budget,
      arraySum(arrayMap(d -> d.2, days)) AS used,
      parseDateTime64BestEffortOrNull(c.last.starts_at, 3, 'UTC') AS starts_at,
      parseDateTime64BestEffortOrNull(c.last.ends_at, 3, 'UTC') AS ends_at,
      toDate(ends_at - INTERVAL 1 MILLISECOND) AS last_day,
      ifNull(n.newest_day, toDate(0)) AS newest_day,
      newest_day = toDate(0) OR newest_day >= toDate(now('UTC')) - 28 AS alive,
      if(alive, toDate(now('UTC')), newest_day) AS as_of,
      if(alive, now64(3, 'UTC'), toDateTime64(newest_day + 1, 3, 'UTC')) AS as_of_at,
      if(empty(days), toDate(starts_at), least(ifNull(toDate(starts_at), days[1].1), days[1].1)) AS first_day,
      greatest(least(if(alive, as_of - 1, as_of), ifNull(last_day, as_of)), assumeNotNull(first_day)) AS window_to,
      greatest(window_to - 27, assumeNotNull(first_day)) AS window_from,
      if(first_day IS NULL OR first_day > as_of, 0, toUInt32(window_to - window_from + 1)) AS days_count,
      arrayMap(d -> d.2, arrayFilter(d -> d.1 BETWEEN window_from AND window_to, days)) AS looked_at,
      if(days_count = 0, 0, arraySum(looked_at) / days_count) AS mean,
      if(days_count < 2, 0, sqrt(greatest(0,
        (arraySum(x -> pow(x - mean, 2), looked_at) + (days_count - length(looked_at)) * mean * mean) / (days_count - 1)))) AS deviation,
      arrayCumSum(arrayMap(d -> d.2, days)) AS sums
    FROM {database}.latest_campaigns AS c
    LEFT JOIN spent AS s ON s.project_id = c.project_id AND s.campaign = c.campaign_id
    LEFT JOIN newest AS n ON n.project_id = c.project_id
    WHERE c.last.budget_amount > 0
  ),
  forecast AS
  (
    SELECT
      *,
      greatest(0, budget - used) AS rest,
      rest > 0 AND mean > 0 AND last.status != 'archived' AND days_count > 0 AND (ends_at IS NULL OR ends_at > as_of_at) AS runs_on,
      -- Student's t at 97.5 %, by the expansion of Cornish and Fisher: within 0.5 % from 6 degrees of freedom on.
      1.959964 + 2.372271 / (days_count - 1) + 2.822498 / pow(days_count - 1, 2) + 2.555850 / pow(days_count - 1, 3) AS t,
      pow(t * deviation, 2) AS spread,
      pow(mean, 2) - spread / days_count AS slope,
      2 * rest * mean + spread AS middle,
      sqrt(middle * middle - 4 * slope * rest * rest) AS root,
      if(runs_on, rest / mean, NULL) AS days_left,
      if(runs_on AND days_count >= 7, 2 * rest * rest / (middle + root), NULL) AS days_left_least,
      if(runs_on AND days_count >= 7 AND slope > 0, (middle + root) / (2 * slope), NULL) AS days_left_most
    FROM run
  )
SELECT
  project_id,
  campaign_id,
  last.name AS campaign_name,
  last.type AS campaign_type,
  last.parent_id AS parent_id,
  last.status AS status,
  last.currency AS currency,
  as_of AS as_of_day,
  first_day AS starts_on,
  last_day AS ends_on,
  budget AS budget_amount,
  used AS used_amount,
  used / budget AS used_share,
  rest AS left_amount,
  if(used_share >= 0.8, days[arrayFirstIndex(x -> x >= 0.8 * budget, sums)].1, NULL) AS reached_80_on,
  if(used_share >= 1, days[arrayFirstIndex(x -> x >= budget, sums)].1, NULL) AS reached_100_on,
  days_count,
  mean AS daily_amount,
  deviation AS daily_deviation,
  -- Within the millisecond before: used up at the very end of a day is that day. A forecast beyond a century is none.
  if(days_left < 36500, toDate(as_of_at + toIntervalMillisecond(toInt64(ceil(assumeNotNull(days_left) * 86400000)) - 1)), NULL) AS forecast_exhausted_on,
  if(days_left_least < 36500, toDate(as_of_at + toIntervalMillisecond(toInt64(ceil(assumeNotNull(days_left_least) * 86400000)) - 1)), NULL) AS forecast_earliest_on,
  if(days_left_most < 36500, toDate(as_of_at + toIntervalMillisecond(toInt64(ceil(assumeNotNull(days_left_most) * 86400000)) - 1)), NULL) AS forecast_latest_on,
  if(ends_at IS NULL OR days_count = 0, NULL,
    (used + mean * greatest(0, dateDiff('second', as_of_at, assumeNotNull(ends_at)) / 86400)) / budget) AS expected_share_at_end,
  multiIf(used_share >= 1, 'reached_100', used_share >= 0.8, 'reached_80', ifNull(forecast_exhausted_on < ends_on, 0), 'exhausts_early', '') AS alert
FROM forecast;
