-- Grain: a campaign, main or sub, with what it did in the chosen days. Those without any come last.
SELECT
  a.campaign_id AS campaign_id, a.name AS name, a.type AS type, a.parent_id AS parent_id, a.parent AS parent, a.status AS status,
  a.currency AS currency, toDate(a.starts_at) AS starts_on, toDate(a.ends_at) AS ends_on, a.budget_amount AS budget_amount,
  a.budget_used_share AS budget_used_share, d.redemptions AS redemptions_count, d.discount AS discount_amount,
  d.revenue AS revenue_amount, d.margin AS margin_amount, d.rejections AS rejections_count,
  d.new_customers AS new_customers_count, ifNull(p.alert, '') AS alert
FROM
(
  SELECT *, ifNull(m.name, '') AS parent
  FROM campaigns
  LEFT JOIN (SELECT campaign_id, name FROM campaigns WHERE project_id = {project: String}) AS m
    ON m.campaign_id = campaigns.parent_id
  WHERE project_id = {project: String}
) AS a
LEFT JOIN
(
  SELECT
    campaign_id, sum(net_redemptions_count) AS redemptions, sum(net_discount_amount) AS discount,
    sum(revenue_amount) AS revenue, sum(margin_amount) AS margin, sum(rejections_count) AS rejections,
    sum(new_customers_count) AS new_customers
  FROM campaigns_daily
  WHERE project_id = {project: String} AND currency = {currency: String} AND day BETWEEN {since: Date} AND {until: Date}
  GROUP BY campaign_id
) AS d ON d.campaign_id = a.campaign_id
LEFT JOIN (SELECT campaign_id, alert FROM campaign_pace WHERE project_id = {project: String}) AS p
  ON p.campaign_id = a.campaign_id
ORDER BY discount_amount DESC, redemptions_count DESC, name, campaign_id
LIMIT 5000
