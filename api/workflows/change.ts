/** Making a workflow, changing it, and its status. */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import pg from "pg";
import type { DB } from "../db/tables.ts";
import { canonicalJson } from "../http/idempotency.ts";
import { jsonPointer, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { addJob } from "../jobs/add-job.ts";
import { checkDefinition, type Definition, definitionShape, parseStoredDefinition } from "./definition.ts";
import { countOpen, lockWorkflow, type WorkflowRow } from "./queries.ts";
import { refuseUnknown } from "./references.ts";
import type { WorkflowPatch, workflowBody } from "./schemas.ts";
import { cancelKind, releaseKind } from "./status-jobs.ts";
import { isTimed } from "./trigger-schema.ts";

/** Not counting archived ones. */
const workflowsMax = 200;
const uniqueViolation = "23505";

function nameTaken(name: string): Problem {
  const detail = `There is a workflow named ${name}.`;
  return new Problem("already_exists", detail, { errors: [{ pointer: "/name", detail }] });
}

/** @throws Problem `already_exists`, `invalid_request` naming what is unknown, `conflict` when there are too many. */
export async function createWorkflow(
  tx: Transaction<DB>,
  projectId: string,
  { name, ...definition }: z.output<typeof workflowBody>,
  at: Date,
): Promise<WorkflowRow> {
  await refuseUnknown(tx, projectId, definition);
  if ((await countOpen(tx, projectId)) >= workflowsMax) {
    throw new Problem("conflict", `A project has at most ${workflowsMax} workflows that are not archived.`);
  }
  const row = await tx
    .insertInto("workflow")
    .values({
      project_id: projectId,
      id: newId("wfl"),
      name,
      status: "draft",
      version: 1,
      definition: JSON.stringify(definition),
      trigger_on: definition.trigger.on,
      created_at: at,
      updated_at: at,
    })
    .onConflict((conflict) => conflict.columns(["project_id", "name"]).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw nameTaken(name);
  await keepVersion(tx, row, definition, at);
  return row;
}

async function keepVersion(tx: Transaction<DB>, row: WorkflowRow, definition: Definition, at: Date): Promise<void> {
  await tx
    .insertInto("workflow_version")
    .values({
      project_id: row.project_id,
      workflow_id: row.id,
      version: row.version,
      definition: JSON.stringify(definition),
      created_at: at,
    })
    .execute();
}

/** A changed definition is a new version; runs that have begun keep theirs. */
export async function changeWorkflow(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  { name, version, ...patch }: WorkflowPatch,
  at: Date,
): Promise<WorkflowRow> {
  const known = await lockWorkflow(tx, projectId, id);
  if (known === undefined) throw notFound("workflow");
  if (known.status === "archived") throw new Problem("conflict", "An archived workflow cannot be changed.");
  if (version !== undefined && version !== known.version) {
    const detail = `The workflow has version ${known.version} by now.`;
    throw new Problem("conflict", detail, { errors: [{ pointer: "/version", detail }] });
  }
  const before = parseStoredDefinition(known.definition);
  const sent = Object.fromEntries(Object.entries(patch).filter(([, part]) => part !== undefined));
  const definition = checked({ ...before, ...sent });
  const isNew = canonicalJson(definition) !== canonicalJson(before);
  if (isNew) await refuseUnknown(tx, projectId, definition);
  const restarts = known.status === "active" && canonicalJson(definition.trigger) !== canonicalJson(before.trigger);
  try {
    const row = await tx
      .updateTable("workflow")
      .set({
        name: name ?? known.name,
        updated_at: at,
        ...(isNew && {
          version: known.version + 1,
          definition: JSON.stringify(definition),
          trigger_on: definition.trigger.on,
        }),
        ...(restarts && { active_since: at }),
      })
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    if (isNew) await keepVersion(tx, row, definition, at);
    if (restarts) await beginScan(tx, row, at);
    return row;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === uniqueViolation) throw nameTaken(name ?? known.name);
    throw error;
  }
}

/** @throws Problem `invalid_request` when the parts do not go together. */
function checked(definition: Definition): Definition {
  const parsed = definitionShape.superRefine(checkDefinition).safeParse(definition);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({ pointer: jsonPointer(issue.path), detail: issue.message }));
  throw new Problem("invalid_request", errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join("; "), {
    errors,
  });
}

type Status = WorkflowRow["status"];

const from: Readonly<Record<Exclude<Status, "draft">, readonly Status[]>> = {
  active: ["draft", "paused"],
  paused: ["active"],
  archived: ["draft", "active", "paused"],
};

/** Idempotent: the status it has already changes nothing. @throws Problem `conflict` when it may not follow. */
export async function setStatus(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  status: Exclude<Status, "draft">,
  at: Date,
): Promise<WorkflowRow> {
  const known = await lockWorkflow(tx, projectId, id);
  if (known === undefined) throw notFound("workflow");
  if (known.status === status) return known;
  if (!from[status].includes(known.status)) {
    throw new Problem("conflict", `The workflow is ${known.status}; it cannot become ${status}.`);
  }
  // What it names may be gone since it was written.
  if (status === "active") await refuseUnknown(tx, projectId, parseStoredDefinition(known.definition));
  const row = await tx
    .updateTable("workflow")
    .set({ status, active_since: status === "active" ? at : null, updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const payload = { project_id: projectId, workflow_id: id };
  if (status === "active") {
    await beginScan(tx, row, at);
    await addJob(tx, releaseKind, payload);
  }
  if (status === "archived") await addJob(tx, cancelKind, payload);
  return row;
}

/** Days and hours count from now on. */
async function beginScan(tx: Transaction<DB>, row: WorkflowRow, at: Date): Promise<void> {
  if (!isTimed(row.trigger_on)) return;
  const begun = { scanned_until: at, upto: null, after_id: "" };
  await tx
    .insertInto("workflow_scan")
    .values({ project_id: row.project_id, workflow_id: row.id, ...begun })
    .onConflict((conflict) => conflict.columns(["project_id", "workflow_id"]).doUpdateSet(begun))
    .execute();
}
