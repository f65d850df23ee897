/** What the warehouse knows of campaigns and a request has no time to ask: margins, rates of templates, holdouts. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type pg from "pg";
import type { Logger } from "pino";
import { z } from "zod";
import { offerMeasureLock } from "../../ingest/locks.ts";
import { tryLock, withSession } from "../../ingest/session.ts";
import { createKysely } from "../db/kysely.ts";
import type { DB } from "../db/tables.ts";
import { readLift } from "../lift/read.ts";
import { projectSubject, templateSubject } from "./measures.ts";
import type { Incrementality } from "./worth.ts";

interface Stores {
  readonly db: Kysely<DB>;
  readonly warehouse: ClickHouseClient;
}

/** A lift reads all customers of a project: no more campaigns than these, the newest. */
const liftsMax = 20;
const campaignsMax = 5_000;
const rowsPerStatement = 500;
/** Fewer redemptions say nothing of how many of them were caused. */
const redemptionsMin = 30;
const settings = { max_execution_time: 60 } as const;

/** Replaces what was measured of a project. */
export async function measureProject({ db, warehouse }: Stores, projectId: string): Promise<void> {
  const campaigns = await db
    .selectFrom("campaign")
    .select(["id", "template", "status", "holdout_percent"])
    .where("project_id", "=", projectId)
    .where("type", "=", "sub")
    .orderBy("id", "desc")
    .limit(campaignsMax)
    .execute();
  const margins = await readMargins(warehouse, projectId);
  const counts = await readCounts(warehouse, projectId);
  const lifts = new Map<string, Incrementality>();
  const heldOut = campaigns.filter((each) => each.status === "active" && each.holdout_percent > 0);
  for (const { id } of heldOut.slice(0, liftsMax)) {
    const found = await incrementalShare(warehouse, projectId, id);
    if (found !== undefined) lifts.set(id, found);
  }
  const templates = new Map<string, { publications: number; redemptions: number }>();
  for (const { id, template } of campaigns) {
    const sum = templates.get(template) ?? { publications: 0, redemptions: 0 };
    const own = counts.get(id);
    sum.publications += own?.publications ?? 0;
    sum.redemptions += own?.redemptions ?? 0;
    templates.set(template, sum);
  }
  const known = new Set(campaigns.map(({ id }) => id));
  const subjects = new Set([...margins.keys(), ...lifts.keys()].filter((id) => id === projectSubject || known.has(id)));
  const rows = [
    ...[...subjects].map((subject) => ({
      subject,
      margin_orders_count: margins.get(subject)?.orders ?? 0,
      margin_revenue_amount: margins.get(subject)?.revenue ?? 0,
      margin_amount: margins.get(subject)?.margin ?? 0,
      incremental_share: lifts.get(subject)?.share ?? null,
      incremental_share_error: lifts.get(subject)?.error ?? null,
    })),
    ...[...templates].map(([template, { publications, redemptions }]) => ({
      subject: templateSubject(template),
      publications_count: publications,
      redemptions_count: redemptions,
      incremental_share: null,
      incremental_share_error: null,
    })),
  ];
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("offer_measure").where("project_id", "=", projectId).execute();
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const part = rows.slice(from, from + rowsPerStatement);
      await tx
        .insertInto("offer_measure")
        .values(part.map((row) => ({ project_id: projectId, measured_at: sql<Date>`now()`, ...row })))
        .execute();
    }
  });
}

const count = z.coerce.number();
const marginRow = z.object({ subject: z.string(), orders: count, revenue: count, margin: count });

/** Of paid orders of the last 180 days whose lines all say their cost; before discounts. */
async function readMargins(warehouse: ClickHouseClient, projectId: string) {
  const result = await warehouse.query({
    query: `
      WITH paid AS (
        SELECT order_id, any(amount) AS value,
          any(arraySum((quantity, cost) -> quantity * ifNull(cost, 0), items.quantity, items.unit_cost_amount)) AS costs
        FROM events
        WHERE project_id = {project: String} AND type = 'order.paid' AND order_id != ''
          AND occurred_at >= now() - INTERVAL 180 DAY AND NOT has(items.unit_cost_amount, NULL)
        GROUP BY order_id)
      SELECT {subject: String} AS subject, count() AS orders, sum(value) AS revenue, sum(value - costs) AS margin
      FROM paid HAVING orders > 0
      UNION ALL
      SELECT used.campaign_id, count(), sum(paid.value), sum(paid.value - paid.costs)
      FROM paid INNER JOIN (
        SELECT DISTINCT order_id, codes.campaign_id AS campaign_id FROM events ARRAY JOIN codes
        WHERE project_id = {project: String} AND type = 'redemption.succeeded'
          AND occurred_at >= now() - INTERVAL 181 DAY) AS used ON used.order_id = paid.order_id
      GROUP BY used.campaign_id`,
    query_params: { project: projectId, subject: projectSubject },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return new Map(
    z
      .array(marginRow)
      .parse(await result.json())
      .map(({ subject, ...sums }) => [subject, sums]),
  );
}

const countRow = z.object({ campaign_id: z.string(), publications: count, redemptions: count });

async function readCounts(warehouse: ClickHouseClient, projectId: string) {
  const result = await warehouse.query({
    query: `
      SELECT campaign_id, sum(published) AS publications, sum(used) AS redemptions
      FROM (
        SELECT campaign_id, count() AS published, 0 AS used FROM events
        WHERE project_id = {project: String} AND type = 'voucher.published' GROUP BY campaign_id
        UNION ALL
        SELECT campaign_id, 0, count() FROM redemptions
        WHERE project_id = {project: String} AND rolled_back = 0 GROUP BY campaign_id)
      GROUP BY campaign_id`,
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return new Map(
    z
      .array(countRow)
      .parse(await result.json())
      .map((row) => [row.campaign_id, row]),
  );
}

/** Incremental orders ÷ redemptions, of the campaign's own holdout; undefined where that cannot be said. */
async function incrementalShare(warehouse: ClickHouseClient, projectId: string, campaignId: string) {
  const lift = await readLift(warehouse, projectId, campaignId);
  if (!lift.measured || lift.basis !== "campaign") return undefined;
  const result = await warehouse.query({
    query: `
      SELECT uniqExact(redemption_id) AS redemptions FROM redemptions
      WHERE project_id = {project: String} AND campaign_id = {campaign: String} AND rolled_back = 0 AND customer != ''
        AND occurred_at >= parseDateTime64BestEffort({since: String}, 3, 'UTC')
        AND occurred_at < parseDateTime64BestEffort({until: String}, 3, 'UTC')`,
    query_params: { project: projectId, campaign: campaignId, since: lift.since, until: lift.until },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const redemptions = z.array(z.object({ redemptions: count })).parse(await result.json())[0]?.redemptions ?? 0;
  if (redemptions < redemptionsMin) return undefined;
  const { value, low, high } = lift.incremental_orders;
  return { share: value / redemptions, error: (high - low) / (2 * 1.96) / redemptions };
}

export interface MeasureDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

const everyMs = 60 * 60_000;
const projectsMax = 10_000;

/** Every project that asked for offers, once an hour, in one process at a time. Runs until the signal. */
export async function runOfferMeasures({ pool, warehouse, log }: MeasureDeps, signal: AbortSignal): Promise<void> {
  const db = createKysely(pool);
  while (!signal.aborted) {
    await withSession(pool, async (client) => {
      if (!(await tryLock(client, offerMeasureLock))) return;
      for (const projectId of await askingProjects(db)) {
        if (signal.aborted) return;
        // One project whose figures cannot be had must not keep the others from theirs.
        await measureProject({ db, warehouse }, projectId).catch((error: unknown) => {
          log.error({ project: projectId, err: error }, "its campaigns were not measured");
        });
      }
    });
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

async function askingProjects(db: Kysely<DB>): Promise<string[]> {
  const result = await sql<{ id: string }>`
    select p.id from project p
    where exists (select from offer_decision d where d.project_id = p.id)
    order by p.id limit ${projectsMax}
  `.execute(db);
  return result.rows.map(({ id }) => id);
}
