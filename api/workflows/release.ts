/** Runs that stand still, and go on. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { note } from "./runs.ts";
import { addStepJobs } from "./step-job.ts";

interface Standing {
  readonly run_id: string;
  readonly position: number;
  readonly priority: number;
}

/** Those whose time came while the workflow was paused, so many at once. @returns how many: fewer are all. */
export async function releaseRuns(
  tx: Transaction<DB>,
  projectId: string,
  workflowId: string,
  limit: number,
  at: Date,
): Promise<number> {
  const { rows } = await sql<Standing>`
    update workflow_run r set held = false, due_at = ${at}::timestamptz
    from (
      select h.id from workflow_run h
      join workflow w on w.project_id = h.project_id and w.id = h.workflow_id and w.status = 'active'
      where h.project_id = ${projectId} and h.workflow_id = ${workflowId} and h.held and h.status = 'running'
      order by h.id limit ${limit} for update of h) x
    where r.project_id = ${projectId} and r.id = x.id
    returning r.id as run_id, r.position, r.priority`.execute(tx);
  await addStepJobs(
    tx,
    rows.map((row) => ({ ...row, project_id: projectId, due_at: at })),
  );
  return rows.length;
}

export interface FailedRuns {
  /** One run; absent: all of the workflow. */
  readonly runId?: string;
  readonly workflowId?: string;
  /** Only those that failed for it. */
  readonly reason?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Failed runs go on with the step that failed, the oldest first. @returns their ids. */
export async function retryRuns(
  tx: Transaction<DB>,
  projectId: string,
  which: FailedRuns,
  limit: number,
  at: Date,
): Promise<string[]> {
  const { rows } = await sql<Standing & { customer_id: string }>`
    update workflow_run r
    set status = 'running', reason = null, ended_at = null, held = false, checked = false, due_at = ${at}::timestamptz
    from (
      select f.id from workflow_run f
      join workflow w on w.project_id = f.project_id and w.id = f.workflow_id and w.status <> 'archived'
      where f.project_id = ${projectId} and f.status = 'failed' and not f.forgotten
        and (${which.runId ?? null}::text is null or f.id = ${which.runId ?? null})
        and (${which.workflowId ?? null}::text is null or f.workflow_id = ${which.workflowId ?? null})
        and (${which.reason ?? null}::text is null or f.reason = ${which.reason ?? null})
        and (${which.from ?? null}::timestamptz is null or f.ended_at >= ${which.from ?? null}::timestamptz)
        and (${which.to ?? null}::timestamptz is null or f.ended_at < ${which.to ?? null}::timestamptz)
      order by f.id limit ${limit} for update of f) x
    where r.project_id = ${projectId} and r.id = x.id
    returning r.id as run_id, r.position, r.priority, r.customer_id`.execute(tx);
  for (const { run_id: id, position, customer_id } of rows) {
    await note(tx, { project_id: projectId, id, customer_id }, { position, kind: null, outcome: "retried" }, at);
  }
  await addStepJobs(
    tx,
    rows.map((row) => ({ ...row, project_id: projectId, due_at: at })),
  );
  return rows.map((row) => row.run_id);
}

const strandedMinutes = 15;
const strandedAtOnce = 500;

/**
 * Gives a job to runs that are long due and have none: a process died in the midst of the last attempt, or an operator
 * has taken the job out of the queue. @returns how many.
 */
export async function rescueRuns(tx: Kysely<DB>, at: Date): Promise<number> {
  const { rows } = await sql<Standing & { project_id: string }>`
    select r.project_id, r.id as run_id, r.position, r.priority from workflow_run r
    where r.status = 'running' and not r.held
      and r.due_at < ${new Date(at.getTime() - strandedMinutes * 60_000)}::timestamptz
      and not exists (
        select from graphile_worker.jobs j
        where j.key = 'workflow-run:' || r.id and (j.attempts < j.max_attempts or j.locked_at is not null))
    order by r.due_at limit ${strandedAtOnce} for update of r skip locked`.execute(tx);
  await addStepJobs(
    tx,
    rows.map((row) => ({ ...row, due_at: at })),
  );
  return rows.length;
}
