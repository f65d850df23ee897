/** What became of the last training of each model by the schedule. */
import type pg from "pg";
import type { ModelName } from "../registry/manifest.ts";

export interface TrainingRecord {
  readonly projectId: string;
  readonly name: ModelName;
  readonly outcome: "promoted" | "kept" | "too_little_data" | "failed";
  readonly version: string | null;
  readonly detail: string;
  /** Of the project at that time; null leaves what stood there. */
  readonly redemptions: number | null;
}

export async function recordTraining(pool: pg.Pool, record: TrainingRecord): Promise<void> {
  const { projectId, name, outcome, version, detail, redemptions } = record;
  await pool.query(
    `insert into model_training as t (project_id, name, outcome, version, detail, rows_count, trained_at)
     values ($1, $2, $3, $4, $5, coalesce($6, 0), now())
     on conflict (project_id, name) do update
     set outcome = excluded.outcome, version = excluded.version, detail = excluded.detail,
         rows_count = coalesce($6, t.rows_count), trained_at = excluded.trained_at`,
    [projectId, name, outcome, version, detail.slice(0, 1_000), redemptions],
  );
}
