/** Failed runs go on with the step that failed; what was done before is not done again. */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { findRun, findWorkflow } from "./queries.ts";
import { retryRuns } from "./release.ts";
import type { retriedWire, retryBody, runWire } from "./schemas.ts";
import { runToWire } from "./wire.ts";

export const retriedAtOnce = 1_000;

/** @throws Problem `not_found`, `conflict` */
export async function retryRun(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  at: Date,
): Promise<z.output<typeof runWire>> {
  if ((await findRun(tx, projectId, id)) === undefined) throw notFound("run");
  const retried = await retryRuns(tx, projectId, { runId: id }, 1, at);
  if (retried.length === 0) {
    throw new Problem(
      "conflict",
      "Only a run that failed, is not forgotten, and whose workflow is not archived can be replayed.",
    );
  }
  const row = await findRun(tx, projectId, id);
  if (row === undefined) throw new Error("the run that was just replayed is not there");
  return runToWire(row);
}

/** The oldest first, as many as one request may. @throws Problem `not_found`, `conflict` */
export async function retryFailed(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  { reason, from, to }: z.output<typeof retryBody>,
  at: Date,
): Promise<z.output<typeof retriedWire>> {
  const workflow = await findWorkflow(tx, projectId, id);
  if (workflow === undefined) throw notFound("workflow");
  if (workflow.status === "archived") throw new Problem("conflict", "The workflow is archived.");
  const which = {
    workflowId: id,
    reason,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
  const retried = await retryRuns(tx, projectId, which, retriedAtOnce, at);
  return { retried: retried.length, more: retried.length === retriedAtOnce };
}
