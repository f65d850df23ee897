import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { z } from "zod";
import { readLag } from "../../ingest/lag.ts";
import type { Deps } from "../deps.ts";
import { notFound, Problem } from "../http/problem.ts";
import { readLift } from "../lift/read.ts";
import { findCampaign } from "./find.ts";
import { type CampaignReportWire, paceWire } from "./report-schema.ts";

/** Shorter than a client of the warehouse waits, and in seconds: what nobody waits for any more must not go on there. */
const settings = { max_execution_time: 25 } as const;

const figures = z.object({
  redemptions_count: z.int(),
  rejections_count: z.int(),
  rollbacks_count: z.int(),
  validations_count: z.int(),
  valid_count: z.int(),
  redeemed_count: z.int(),
  published_count: z.int(),
  orders_count: z.int(),
  discount_amount: z.int(),
  rolled_back_amount: z.int(),
  revenue_amount: z.int(),
  customers_count: z.int(),
  new_customers_count: z.int(),
  margin_amount: z.int().nullable(),
  margin_orders_count: z.int(),
});

/**
 * A campaign's figures from the warehouse, with how current they are: everything that the service did before `as_of`
 * is in them. The lag is read first, so that the figures can only be newer than they say.
 *
 * @throws Problem `not_found`, or `busy` where the warehouse takes too long.
 */
export async function reportCampaign(
  deps: Pick<Deps, "db" | "pool" | "warehouse">,
  projectId: string,
  id: string,
): Promise<CampaignReportWire> {
  const campaign = await findCampaign(deps.db, projectId, id);
  if (!campaign) throw notFound("campaign");
  const askedAt = Date.now();
  const lag = await readLag(deps.pool);
  const { warehouse } = deps;
  const [{ valid_count, redeemed_count, ...sums }, pace, lift] = await Promise.all([
    readFigures(warehouse, projectId, id),
    readPace(warehouse, projectId, id),
    readLift(warehouse, projectId, id),
  ]).catch((error) => {
    throw tookTooLong(error)
      ? new Problem("busy", "The figures take too long to count. Try again in a moment.")
      : error;
  });
  return {
    campaign_id: id,
    as_of: new Date(askedAt - lag.seconds * 1000).toISOString(),
    ingest_lag: lag,
    currency: campaign.currency,
    ...sums,
    // Whoever is new on one day has not bought before; everybody else has.
    returning_customers_count: sums.customers_count - sums.new_customers_count,
    funnel: {
      published_count: sums.published_count,
      validations_count: sums.validations_count,
      valid_count,
      redeemed_count,
      rolled_back_count: sums.rollbacks_count,
    },
    pace,
    lift,
  };
}

/** ClickHouse's own numbers: 159 TIMEOUT_EXCEEDED, 202 TOO_MANY_SIMULTANEOUS_QUERIES. */
function tookTooLong(error: unknown): boolean {
  return error instanceof ClickHouseError && ["159", "202"].includes(error.code);
}

/** Customers cannot be summed over days; a new customer is new on one day only, and so can. */
async function readFigures(warehouse: ClickHouseClient, projectId: string, campaignId: string) {
  const result = await warehouse.query({
    query: `
      SELECT
        sum(net_redemptions_count) AS redemptions_count, sum(rejections_count) AS rejections_count,
        sum(rollbacks_count) AS rollbacks_count, sum(validations_count) AS validations_count,
        sum(valid_count) AS valid_count, sum(campaigns_daily.redemptions_count) AS redeemed_count,
        sum(published_count) AS published_count, sum(orders_count) AS orders_count,
        sum(net_discount_amount) AS discount_amount, sum(rolled_back_amount) AS rolled_back_amount,
        sum(revenue_amount) AS revenue_amount, sum(new_customers_count) AS new_customers_count,
        sum(margin_amount) AS margin_amount, sum(margin_orders_count) AS margin_orders_count,
        (SELECT uniqExact(customer) FROM redemptions
         WHERE project_id = {project: String} AND {campaign: String} IN (campaign_id, main_campaign_id)
           AND rolled_back = 0 AND customer != '') AS customers_count
      FROM campaigns_daily
      WHERE project_id = {project: String} AND campaign_id = {campaign: String}`,
    query_params: { project: projectId, campaign: campaignId },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const [row] = await result.json();
  return figures.parse(row);
}

async function readPace(warehouse: ClickHouseClient, projectId: string, campaignId: string) {
  const result = await warehouse.query({
    query: `
      SELECT budget_amount, used_amount, used_share, left_amount, daily_amount, daily_deviation, forecast_exhausted_on,
        forecast_earliest_on, forecast_latest_on, ends_on, expected_share_at_end, alert
      FROM campaign_pace
      WHERE project_id = {project: String} AND campaign_id = {campaign: String}`,
    query_params: { project: projectId, campaign: campaignId },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(paceWire).parse(await result.json())[0] ?? null;
}
