/** Ends runs before their time. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { removeJob } from "../jobs/add-job.ts";
import { endRun, note, type RunRow, toRun } from "./runs.ts";
import { stepJobKey } from "./step-job.ts";

/** Of a customer, by identifier: they are erased. */
export async function endRunsOf(tx: Kysely<DB>, projectId: string, identifier: string, at: Date): Promise<void> {
  const rows = await tx
    .selectFrom("workflow_run as r")
    .innerJoin("customer as c", (join) =>
      join.onRef("c.project_id", "=", "r.project_id").onRef("c.id", "=", "r.customer_id"),
    )
    .selectAll("r")
    .where("c.project_id", "=", projectId)
    .where("c.identifier", "=", identifier)
    .where("r.status", "=", "running")
    .orderBy("r.id")
    .forUpdate("r")
    .execute();
  for (const row of rows) await cancelRun(tx, toRun(row), "customer_erased", at);
}

export async function cancelRun(tx: Kysely<DB>, run: RunRow, reason: string, at: Date): Promise<void> {
  await note(tx, run, { position: run.position, kind: null, outcome: "cancelled", reason }, at);
  await endRun(tx, run, "cancelled", reason, at);
  await removeJob(tx, stepJobKey(run.id));
}

/** Of an archived workflow, so many at once. @returns how many it ended: fewer than that are all. */
export async function cancelRuns(
  tx: Kysely<DB>,
  projectId: string,
  workflowId: string,
  limit: number,
  at: Date,
): Promise<number> {
  const rows = await tx
    .selectFrom("workflow_run")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("workflow_id", "=", workflowId)
    .where("status", "=", "running")
    .orderBy("id")
    .limit(limit)
    .forUpdate()
    .execute();
  for (const row of rows) await cancelRun(tx, toRun(row), "workflow_archived", at);
  return rows.length;
}
