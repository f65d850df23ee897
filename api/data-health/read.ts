/** How far the reports of one project can be trusted: what is missing, what differs, and what is wrong. */
import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import type pg from "pg";
import { readConsumers, standsFromSeconds } from "../../ingest/consumer-cursor.ts";
import { readLag } from "../../ingest/lag.ts";
import type { DB } from "../db/tables.ts";
import {
  countFailedTrainings,
  countOverdueReviews,
  hasLowStock,
  readAlerts,
  readDeadLetters,
  readDrifts,
  readEventsByType,
  readLastRuns,
  readModelDrifts,
  readWaitingDeliveries,
} from "./queries.ts";
import type { AlertKind, DataHealth } from "./schemas.ts";
import { lateAfterSeconds } from "./waiting.ts";

export interface HealthSources {
  readonly db: Kysely<DB>;
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
}

export async function readDataHealth({ db, pool, warehouse }: HealthSources, projectId: string): Promise<DataHealth> {
  const asOf = new Date().toISOString();
  const [lag, consumers, events, letters, runs, found, alerts, trainings, models, reviews, deliveries, isLow] =
    await Promise.all([
      readLag(pool),
      readConsumers(pool),
      readEventsByType(warehouse, projectId),
      readDeadLetters(db, projectId),
      readLastRuns(db),
      readDrifts(db, projectId),
      readAlerts(db),
      countFailedTrainings(db, projectId),
      readModelDrifts(db, projectId),
      countOverdueReviews(db, projectId),
      readWaitingDeliveries(db, projectId),
      hasLowStock(db, projectId),
    ]);
  // The others tell of other tenants' data, unless this one has some of its own.
  const concerns: Readonly<Record<AlertKind, boolean>> = {
    ingest_lag: true,
    reconciliation_overdue: true,
    reconciliation_drift: found.count > 0,
    dead_letters: letters.count > 0,
    model_training: trainings > 0,
    model_drift: models.some(({ is_far }) => is_far),
    reviews_overdue: reviews > 0,
    low_stock: isLow,
    deliveries_late: deliveries.oldest_seconds > lateAfterSeconds,
  };
  return {
    as_of: asOf,
    ingest_lag: { rows: lag.rows, seconds: lag.seconds },
    consumers: consumers.map((consumer) => ({ ...consumer, standing: consumer.seconds > standsFromSeconds })),
    events,
    deliveries,
    dead_letters: {
      count: letters.count,
      newest: letters.newest && { ...letters.newest, failed_at: letters.newest.failed_at.toISOString() },
    },
    reconciliation: {
      at: runs.last?.ended_at.toISOString() ?? null,
      full_at: runs.full?.ended_at.toISOString() ?? null,
      groups: runs.last?.groups ?? 0,
      drifts_count: found.count,
      drifts: found.drifts.map((drift) => ({
        check: drift.check_name,
        key: drift.key,
        day: drift.day,
        postgres: { count: drift.postgres_count, amount: drift.postgres_amount },
        warehouse: { count: drift.warehouse_count, amount: drift.warehouse_amount },
        found_at: drift.found_at.toISOString(),
      })),
    },
    models: models.map(({ is_far: _, ...model }) => model),
    alerts: alerts
      .filter((alert) => concerns[alert.kind])
      .map(({ kind, since, detail, resolved_at }) => ({
        kind,
        since: since.toISOString(),
        detail,
        resolved_at: resolved_at?.toISOString() ?? null,
      })),
  };
}
