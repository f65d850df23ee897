import type { ClickHouseClient } from "@clickhouse/client";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import type { AlertKind } from "./schemas.ts";
import { isFar } from "./state.ts";

const driftsListed = 100;
const resolvedListed = 20;
/** More are counted as this many: the number is for a person. */
const countedMax = 100_000;

const instant = z.string().transform((text) => new Date(text).toISOString());
const eventsRow = z.object({
  type: z.string(),
  count: z.int(),
  first_occurred_at: instant,
  last_occurred_at: instant,
  last_recorded_at: instant,
});

export async function readEventsByType(warehouse: ClickHouseClient, projectId: string) {
  const result = await warehouse.query({
    query: `
      SELECT type, toInt64(events_count) AS count, first_occurred_at, last_occurred_at, last_recorded_at
      FROM data_health WHERE project_id = {project: String} ORDER BY type`,
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: {
      max_execution_time: 10,
      date_time_output_format: "iso",
      output_format_json_quote_64bit_integers: 0,
    },
  });
  return z.array(eventsRow).parse(await result.json());
}

export async function readDeadLetters(db: Kysely<DB>, projectId: string) {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count
    from (select from dead_letter where project_id = ${projectId} limit ${sql.lit(countedMax)}) as letter`.execute(db);
  const newest = await db
    .selectFrom("dead_letter")
    .select(["event_id", "type", "error", "failed_at"])
    .where("project_id", "=", projectId)
    .orderBy("failed_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return { count: rows[0]?.count ?? 0, newest: newest ?? null };
}

/** The newest comparisons; of all projects, as one comparison is of all. */
export async function readLastRuns(db: Kysely<DB>) {
  const compared = db
    .selectFrom("reconciliation_run")
    .select(["ended_at", "groups", "kind"])
    .where("outcome", "=", "compared")
    .orderBy("ended_at", "desc")
    .limit(1);
  const [last, full] = await Promise.all([
    compared.executeTakeFirst(),
    compared.where("kind", "=", "full").executeTakeFirst(),
  ]);
  return { last, full };
}

export async function readDrifts(db: Kysely<DB>, projectId: string) {
  const ofProject = db.selectFrom("reconciliation_drift").where("project_id", "=", projectId);
  const [counted, drifts] = await Promise.all([
    ofProject.select((eb) => eb.fn.countAll<number>().as("count")).executeTakeFirstOrThrow(),
    ofProject.selectAll().orderBy("day", "desc").orderBy("check_name").orderBy("key").limit(driftsListed).execute(),
  ]);
  return { count: counted.count, drifts };
}

/** What is wrong now, then what was of late. */
export async function readAlerts(db: Kysely<DB>) {
  const rows = await db
    .selectFrom("alert")
    .select(["kind", "since", "detail", "resolved_at"])
    .where((eb) => eb.or([eb("resolved_at", "is", null), eb("resolved_at", ">", sql<Date>`now() - interval '1 day'`)]))
    .orderBy(sql`resolved_at is null`, "desc")
    .orderBy("id", "desc")
    .limit(resolvedListed)
    .execute();
  return rows.map((row) => ({ ...row, kind: row.kind as AlertKind }));
}

/** Models of the project whose last training by the schedule failed. */
export async function countFailedTrainings(db: Kysely<DB>, projectId: string): Promise<number> {
  const { count } = await db
    .selectFrom("model_training")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("project_id", "=", projectId)
    .where("outcome", "=", "failed")
    .executeTakeFirstOrThrow();
  return count;
}

/** Reviews that nobody decided for a day after they were due. */
export async function countOverdueReviews(db: Kysely<DB>, projectId: string): Promise<number> {
  const row = await db
    .selectFrom("review")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("project_id", "=", projectId)
    .where("status", "in", ["open", "held"])
    .where("due_at", "<=", sql<Date>`now() - interval '1 day'`)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Whether few codes are left in a campaign that runs, or in a pool. */
export async function hasLowStock(db: Kysely<DB>, projectId: string): Promise<boolean> {
  const { rows } = await sql<{ is_low: boolean }>`
    select exists (
        select from campaign_stock s join campaign c on c.project_id = s.project_id and c.id = s.campaign_id
        where s.project_id = ${projectId} and s.low_stock_at is not null and c.status = 'active')
      or exists (select from pool where project_id = ${projectId} and low_stock_at is not null) as is_low`.execute(db);
  return rows[0]?.is_low ?? false;
}

/** Messages that are ordered and not gone yet; counted up to a bound, from the index of those that wait. */
export async function readWaitingDeliveries(db: Kysely<DB>, projectId: string) {
  const { rows } = await sql<{ waiting: number; oldest_seconds: number }>`
    select count(*)::int as waiting, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds
    from (
      select created_at from delivery
      where project_id = ${projectId} and status in ('queued', 'sending') order by created_at limit 100000) d
  `.execute(db);
  const [row] = rows;
  return { waiting: row?.waiting ?? 0, oldest_seconds: Math.max(0, row?.oldest_seconds ?? 0) };
}

/** What the last looks found of the models that serve the project. */
export async function readModelDrifts(db: Kysely<DB>, projectId: string) {
  const rows = await db
    .selectFrom("model_drift")
    .selectAll()
    .select(sql<boolean>`${sql.raw(isFar)}`.as("is_far"))
    .where("project_id", "=", projectId)
    .orderBy("name")
    .execute();
  return rows.map(({ project_id: _, looked_at, ...row }) => ({ ...row, at: looked_at.toISOString() }));
}
