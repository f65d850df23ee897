import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { z } from "zod";
import { readLag } from "../../ingest/lag.ts";
import type { Deps } from "../deps.ts";
import { notFound, Problem } from "../http/problem.ts";
import { readLift } from "../lift/read.ts";
import { findCampaign } from "./find.ts";
import { readFigures } from "./report-figures.ts";
import { type CampaignReportWire, paceWire } from "./report-schema.ts";

/** Shorter than a client of the warehouse waits, and in seconds: what nobody waits for any more must not go on there. */
const settings = { max_execution_time: 25 } as const;

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
  const [{ valid_count, redeemed_count, queued_count, sent_count, failed_count, returned_count, ...sums }, pace, lift] =
    await Promise.all([
      readFigures(warehouse, projectId, id),
      // Without a budget there is no pace: its mart reads all redemptions to say so.
      campaign.budget_amount === null ? null : readPace(warehouse, projectId, id),
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
      queued_count,
      sent_count,
      failed_count,
      returned_count,
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
