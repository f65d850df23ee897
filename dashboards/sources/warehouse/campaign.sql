-- The one chosen campaign, with its pace where it has a budget.
SELECT
  c.campaign_id AS campaign_id, c.type AS type, c.parent_id AS parent_id, ifNull(m.name, '') AS parent, c.name AS name,
  c.template AS template, c.status AS status, c.currency AS currency, c.channel AS channel, c.team AS team,
  toDate(c.starts_at) AS starts_on, toDate(c.ends_at) AS ends_on, c.budget_amount AS budget_amount,
  c.redemptions_max AS redemptions_max, c.net_redemptions_count AS redemptions_count,
  c.net_discount_amount AS discount_amount, toDate(c.last_redeemed_at) AS last_redeemed_on,
  p.as_of_day AS as_of_day, p.starts_on AS run_starts_on, p.used_amount AS used_amount, p.used_share AS used_share,
  p.left_amount AS left_amount, p.reached_80_on AS reached_80_on, p.reached_100_on AS reached_100_on,
  p.days_count AS days_count, p.daily_amount AS daily_amount, p.forecast_exhausted_on AS forecast_exhausted_on,
  p.forecast_earliest_on AS forecast_earliest_on, p.forecast_latest_on AS forecast_latest_on,
  p.expected_share_at_end AS expected_share_at_end, ifNull(p.alert, '') AS alert
FROM (SELECT * FROM campaigns WHERE project_id = {project: String} AND campaign_id = {campaign: String}) AS c
LEFT JOIN (SELECT campaign_id, name FROM campaigns WHERE project_id = {project: String}) AS m ON m.campaign_id = c.parent_id
LEFT JOIN
(
  SELECT campaign_id, toNullable(as_of_day) AS as_of_day, starts_on, toNullable(used_amount) AS used_amount,
    toNullable(used_share) AS used_share, toNullable(left_amount) AS left_amount, reached_80_on, reached_100_on,
    toNullable(days_count) AS days_count, toNullable(daily_amount) AS daily_amount, forecast_exhausted_on,
    forecast_earliest_on, forecast_latest_on, expected_share_at_end, alert
  FROM campaign_pace
  WHERE project_id = {project: String} AND campaign_id = {campaign: String}
) AS p ON p.campaign_id = c.campaign_id
