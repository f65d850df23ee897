/** One example a redemption: what the risk score was told of it, rebuilt from the events strictly before it. */
import type { ClickHouseClient } from "@clickhouse/client";
import { riskFeatures } from "../features/risk.ts";
import { type Example, readExamples } from "../training/examples.ts";

/**
 * The columns are the fields of `RiskInput`, with `at_ms`, `label` (always 0: nothing is labelled), `redemption_id` and
 * `tie`. Redemptions count whether or not they are rolled back later, as they do when a request is scored: nobody knew.
 * Frames are in milliseconds and end one before the moment. A guest has no past: each is a shopper of their own.
 * Automatic campaigns, which have an empty code, are no code of the request.
 */
export const riskSituations = `
WITH
attempt AS (
  SELECT customer, if(customer = '', event_id, customer) AS shopper,
         redemption_id, type = 'redemption.succeeded' AS succeeded,
         toUnixTimestamp64Milli(occurred_at) AS at_ms, toHour(occurred_at) AS hour_of_day,
         amount, discount_amount, items.quantity AS quantities, items.unit_amount AS unit_amounts,
         arrayCount(code -> code != '', codes.code) AS codes_count
  FROM events
  WHERE project_id = {project:String} AND type IN ('redemption.succeeded', 'redemption.rejected')
),
history AS (
  SELECT *,
         sumIf(1, succeeded) OVER past_hour AS redemptions_last_hour,
         sumIf(1, succeeded) OVER past_day AS redemptions_last_day,
         sumIf(1, NOT succeeded) OVER past_hour AS rejections_last_hour,
         maxIf(at_ms, succeeded) OVER past AS last_redemption_ms
  FROM attempt
  WINDOW
    past_hour AS (PARTITION BY shopper ORDER BY at_ms RANGE BETWEEN 3600000 PRECEDING AND 1 PRECEDING),
    past_day AS (PARTITION BY shopper ORDER BY at_ms RANGE BETWEEN 86400000 PRECEDING AND 1 PRECEDING),
    past AS (PARTITION BY shopper ORDER BY at_ms RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT
  at_ms, 0 AS label, redemption_id, redemption_id AS tie,
  amount AS order_amount, discount_amount,
  length(quantities) AS lines_count, arraySum(quantities) AS items_quantity, arrayMax(unit_amounts) AS max_unit_amount,
  codes_count, hour_of_day, customer = '' AS is_guest,
  redemptions_last_hour, redemptions_last_day, rejections_last_hour,
  if(last_redemption_ms = 0, null, (at_ms - last_redemption_ms) / 1000) AS seconds_since_last_redemption
FROM history
WHERE succeeded`;

export function readRiskExamples(warehouse: ClickHouseClient, projectId: string): Promise<Example[]> {
  return readExamples(warehouse, riskFeatures, riskSituations, { project: projectId });
}
