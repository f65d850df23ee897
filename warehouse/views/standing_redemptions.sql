-- Grain: a redemption of which something stands, with its lines and every campaign, main and sub, that it took a code of.
-- Marts build on it. `lines_back` is what was given back of each line's discount; empty when nothing was.
CREATE OR REPLACE VIEW {database}.standing_redemptions {on_cluster} AS
SELECT
  e.project_id AS project_id,
  e.redemption_id AS redemption_id,
  e.occurred_at AS occurred_at,
  e.customer AS customer,
  e.order_id AS order_id,
  toString(e.currency) AS currency,
  arrayFilter(id -> id != '', arrayDistinct(arrayConcat(e.codes.campaign_id, e.codes.main_campaign_id))) AS campaign_ids,
  arrayZip(e.items.sku, e.items.category, e.items.quantity, e.items.unit_amount, e.items.discount_amount) AS lines,
  u.back AS lines_back
FROM {database}.events AS e
LEFT JOIN
(
  SELECT project_id, redemption_id, max(outcome != 'part') AS whole, sumForEach(items.discount_amount) AS back
  FROM {database}.events
  WHERE type = 'redemption.rolled_back'
  GROUP BY project_id, redemption_id
) AS u ON u.project_id = e.project_id AND u.redemption_id = e.redemption_id
WHERE e.type = 'redemption.succeeded' AND u.whole = 0;
