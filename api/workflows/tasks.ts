/** What the queue of jobs does for workflows. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { type Task, taskOf } from "../jobs/task.ts";
import { cancelRuns } from "./end-runs.ts";
import { forgetRest } from "./forget.ts";
import { releaseRuns } from "./release.ts";
import { cancelKind, releaseKind } from "./status-jobs.ts";
import { noteFailure, runStep, type StepKey } from "./step.ts";
import { stepKind } from "./step-job.ts";

const runsAtOnce = 200;

export interface WorkflowTaskDeps {
  readonly db: Kysely<DB>;
}

export function workflowTasks({ db }: WorkflowTaskDeps): Task[] {
  return [
    taskOf(stepKind, async (key, attempt) => {
      await tryStep(db, key, attempt);
    }),
    taskOf(releaseKind, ({ project_id, workflow_id }, { signal }) =>
      inChunks(db, signal, (tx, at) => releaseRuns(tx, project_id, workflow_id, runsAtOnce, at)),
    ),
    taskOf(cancelKind, async ({ project_id, workflow_id }, { signal }) => {
      await inChunks(db, signal, (tx, at) => cancelRuns(tx, project_id, workflow_id, runsAtOnce, at));
      await inChunks(db, signal, (tx) => forgetRest(tx, project_id, workflow_id, runsAtOnce));
    }),
  ];
}

/**
 * @param at what counts as now; absent: the database's clock.
 * @throws what went wrong, for the queue to try it again later.
 */
export async function tryStep(
  db: Kysely<DB>,
  key: StepKey,
  attempt: { readonly number: number; readonly isLast: boolean },
  at?: Date,
): Promise<void> {
  try {
    await db.transaction().execute(async (tx) => {
      // A step that waits for a lock for ever would hold up the outbox for everybody.
      await sql`set local statement_timeout = '30s'`.execute(tx);
      await runStep(tx, key, at ?? (await databaseNow(tx)));
    });
  } catch (error) {
    const isOver = await db
      .transaction()
      .execute(async (tx) => noteFailure(tx, key, error, attempt, at ?? (await databaseNow(tx))));
    if (!isOver) throw error;
  }
}

async function inChunks(
  db: Kysely<DB>,
  signal: AbortSignal,
  chunk: (tx: Transaction<DB>, at: Date) => Promise<number>,
): Promise<void> {
  for (;;) {
    const done = await db.transaction().execute(async (tx) => chunk(tx, await databaseNow(tx)));
    if (done < runsAtOnce) return;
    if (signal.aborted) throw new Error("the process ends: the rest is begun again");
  }
}
