/** The next step of a run is a job: one a run at most, in the transaction that says it is due. */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import type { TaskKind } from "../jobs/task.ts";

export const stepKind: TaskKind<{ project_id: string; run_id: string; position: number }> = {
  name: "workflow-step",
  payload: z.object({ project_id: z.string(), run_id: z.string(), position: z.int() }),
  // Over about half a day: e^n seconds after the n-th, 6 hours at most.
  attemptsMax: 12,
};

export interface DueStep {
  readonly project_id: string;
  readonly run_id: string;
  readonly position: number;
  readonly due_at: Date;
  /** The run's (`turns.ts`). */
  readonly priority: number;
}

/** As `addJob`, for many in one statement; the job of a run that has one already is replaced. */
export async function addStepJobs(tx: Kysely<DB>, steps: readonly DueStep[]): Promise<void> {
  if (steps.length === 0) return;
  const payloads = steps.map(({ project_id, run_id, position }) => JSON.stringify({ project_id, run_id, position }));
  await sql`
    select graphile_worker.add_job(
      identifier => ${stepKind.name}, payload => s.payload::json, max_attempts => ${stepKind.attemptsMax}::int,
      run_at => s.due_at, job_key => s.job_key, priority => s.priority)
    from unnest(${payloads}::text[], ${steps.map((step) => step.due_at)}::timestamptz[],
                ${steps.map((step) => stepJobKey(step.run_id))}::text[], ${steps.map((step) => step.priority)}::int[])
      s(payload, due_at, job_key, priority)`.execute(tx);
}

export function stepJobKey(runId: string): string {
  return `workflow-run:${runId}`;
}
