/**
 * What the model of effects learns from: customers whom a campaign with a holdout of its own might have reached, in which
 * arm the lottery put each, and whether they ordered. The arms are those of the mart `campaign_arms`, which the report of
 * incrementality reads; a test holds both against each other.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { upliftFeatures } from "../features/uplift.ts";
import { situationParameters, situationsSql } from "../personalisation/dataset.ts";
import { type Example, examplesMax, examplesSql, filledIn, streamExamples } from "../training/examples.ts";

/** Orders count from the start of the measurement for so many days, or until the campaign ends. */
const labelDays = 30;

/** The label is a paid order. */
export interface Assignment extends Example {
  /** 0: the campaign was withheld from the customer. */
  readonly treated: number;
  /** A code of the campaign in the window that was not taken back. */
  readonly redeemed: number;
  readonly customer: string;
  readonly campaignId: string;
  /** One customer in five, the same ones in every training: they only judge. */
  readonly isHeldBack: boolean;
}

/**
 * Customers are known as of the moment when the arms could first differ: what a campaign did to them must not be among what
 * they are told apart by. Campaigns whose window has not passed are left out. The newest campaigns count when there are
 * too many.
 */
const assignments = `
known AS (
  SELECT customer, min(occurred_at) AS first_at,
    arraySort(groupArrayIf((order_id, recorded_at, event_id, type = 'order.paid', occurred_at, toString(currency)),
      type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded'))) AS reports,
    -- Of an order the last report counts, and only when that says it is paid.
    arrayFilter((o, next) -> o.4 AND o.1 != next, reports, arrayShiftLeft(reports.1, 1, '')) AS orders
  FROM events
  WHERE project_id = {project:String} AND customer != ''
  GROUP BY customer
  HAVING maxIf(recorded_at, type != 'customer.erased') > maxIf(recorded_at, type = 'customer.erased')
),
campaigns AS (
  SELECT campaign_id, toString(currency) AS money, holdout_percent, global_holdout_percent,
    assumeNotNull(known_before) AS differ_from, assumeNotNull(measured_from) AS since,
    assumeNotNull(measured_until) AS ends, least(since + toIntervalDay(${labelDays}), ends) AS until
  FROM campaign_holdouts
  WHERE project_id = {project:String} AND basis = 'campaign' AND measured_from IS NOT NULL AND ends > since
    -- Now is the end of one that runs.
    AND (ends >= since + toIntervalDay(${labelDays}) OR ends < now64(3) - toIntervalMinute(1))
),
assigned AS (
  SELECT known.customer AS customer, campaign_id, toUnixTimestamp64Milli(differ_from) AS assigned_ms, since, until,
    murmurHash3_32(concat(campaign_id, '\\0', customer)) % 10000 >= holdout_percent * 100 AS treated,
    arrayExists(o -> o.5 >= since AND o.5 < until AND o.6 = money, orders) AS ordered
  FROM known CROSS JOIN campaigns
  WHERE first_at < differ_from
    AND murmurHash3_32(concat({project:String}, '\\0', customer)) % 10000 >= global_holdout_percent * 100
  ORDER BY since DESC, campaign_id, customer LIMIT ${examplesMax}
)`;

const moments = `UNION ALL
  SELECT customer, assigned_ms, campaign_id, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, '', 0, 1, NULL, NULL, [] FROM assigned`;

/** The columns of `offerSituations`, with the arm and what followed. */
const upliftSituations = `
WITH ${assignments},
used AS (
  SELECT customer, campaign_id, groupArray(occurred_at) AS times
  FROM redemptions
  WHERE project_id = {project:String} AND rolled_back = 0 AND customer != ''
  GROUP BY customer, campaign_id
)
SELECT s.* EXCEPT (label, tie, customer, campaign_id), s.customer AS customer, s.campaign_id AS campaign_id,
  assigned.ordered AS label, (customer, campaign_id) AS tie,
  assigned.treated AS treated,
  arrayExists(at -> at >= assigned.since AND at < assigned.until, used.times) AS redeemed,
  murmurHash3_32(concat({project:String}, '\\0uplift\\0', s.customer)) % 5 = 0 AS is_held_back
FROM (${situationsSql("history.assigned = 1", moments)}) AS s
INNER JOIN assigned ON assigned.customer = s.customer AND assigned.campaign_id = s.campaign_id
LEFT JOIN used ON used.customer = s.customer AND used.campaign_id = s.campaign_id`;

const flag = z.literal([0, 1]);
const rowSchema = z.tuple([z.number(), flag, z.array(z.number().nullable()), z.string(), z.string(), flag, flag, flag]);

/** Oldest first. */
export async function readAssignments(warehouse: ClickHouseClient, projectId: string): Promise<Assignment[]> {
  const columns = ["customer", "campaign_id", "treated", "redeemed", "is_held_back"] as const;
  const query = `
    SELECT at_ms, label, features, ${columns.join(", ")}
    FROM (${examplesSql(upliftFeatures, upliftSituations, columns)})
    ORDER BY at_ms, tie`;
  const found: Assignment[] = [];
  for await (const row of streamExamples(warehouse, query, situationParameters(projectId, true))) {
    const [at, label, values, customer, campaignId, treated, redeemed, heldBack] = rowSchema.parse(row);
    const features = filledIn(upliftFeatures, values);
    const id = `${customer} ${campaignId}`;
    found.push({ at, label, features, id, treated, redeemed, customer, campaignId, isHeldBack: heldBack === 1 });
  }
  return found;
}
