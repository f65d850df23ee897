/** The way from Postgres to ClickHouse in a few numbers, of all projects: for metrics and alerts. */
import type pg from "pg";
import { type ConsumerState, readConsumers } from "../../ingest/consumer-cursor.ts";
import { type Lag, readLag } from "../../ingest/lag.ts";
import type { AlertKind } from "./schemas.ts";
import { lateDeliveries, lowStocks } from "./waiting.ts";

export interface DeliveryState {
  readonly lag: Lag;
  readonly consumers: readonly ConsumerState[];
  /** Groups in which both stores differ now. */
  readonly driftGroups: number;
  /** Since the last comparison that came to an end; undefined before the first. */
  readonly comparedSecondsAgo: number | undefined;
  /** Counted up to 100,000. */
  readonly deadLetters: number;
  /** Projects whose last training of models by the schedule failed. */
  readonly failedTrainings: number;
  /** Projects whose own models are asked what lies far from what they learned from. */
  readonly driftedProjects: number;
  /** Reviews that nobody decided for a day after they were due; counted up to 100,000. */
  readonly overdueReviews: number;
  /** Campaigns and pools of all projects with few codes left. */
  readonly lowStocks: number;
  /** Messages that are due and were not sent; counted up to 100,000. */
  readonly lateDeliveries: number;
  readonly alerts: readonly AlertKind[];
}

/**
 * Of a row of `model_drift`: what a project's own champion is asked has moved beyond 0.25 since it was trained. A model that
 * comes with the product learned from another shop, so it is told of and is no alert; nor is a version that serves no more,
 * nor the model of effects: it learned from all customers of a campaign, and is asked of those who come.
 */
export const isFar = `(
  model_drift.source = 'project' and model_drift.name <> 'uplift'
  and (cardinality(model_drift.moved_features) > 0 or coalesce(model_drift.score_psi, 0) >= 0.25)
  and exists (
    select from model_version v
    where v.project_id = model_drift.project_id and v.name = model_drift.name and v.version = model_drift.version
      and v.status = 'champion'))`;

export async function readDeliveryState(pool: pg.Pool): Promise<DeliveryState> {
  const [lag, consumers, { rows }] = await Promise.all([
    readLag(pool),
    readConsumers(pool),
    pool.query<{
      drift_groups: number;
      compared_seconds_ago: number | null;
      dead_letters: number;
      failed_trainings: number;
      drifted_projects: number;
      overdue_reviews: number;
      low_stocks: number;
      late_deliveries: number;
      alerts: AlertKind[];
    }>(`
      select
        greatest(
          (select count(*) from reconciliation_drift)::int,
          coalesce((select drifts from reconciliation_run where outcome = 'compared' order by ended_at desc limit 1), 0)
        ) as drift_groups,
        (select extract(epoch from clock_timestamp() - max(ended_at))::float8
         from reconciliation_run where outcome = 'compared') as compared_seconds_ago,
        (select count(*)::int from (select from dead_letter limit 100000) letter) as dead_letters,
        (select count(distinct project_id)::int from model_training where outcome = 'failed') as failed_trainings,
        (select count(distinct project_id)::int from model_drift where ${isFar}) as drifted_projects,
        (select count(*)::int from (
           select from review where status in ('open', 'held') and due_at <= now() - interval '1 day' limit 100000) late
        ) as overdue_reviews,
        (${lowStocks})::int as low_stocks,
        (${lateDeliveries})::int as late_deliveries,
        array(select kind::text from alert where resolved_at is null) as alerts`),
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error("a select without from has one row");
  return {
    lag,
    consumers,
    driftGroups: row.drift_groups,
    comparedSecondsAgo: row.compared_seconds_ago ?? undefined,
    deadLetters: row.dead_letters,
    failedTrainings: row.failed_trainings,
    driftedProjects: row.drifted_projects,
    overdueReviews: row.overdue_reviews,
    lowStocks: row.low_stocks,
    lateDeliveries: row.late_deliveries,
    alerts: row.alerts,
  };
}
