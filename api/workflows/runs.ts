/** The rows of runs and of what happened to them. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { Occurrence } from "./trigger-match.ts";

export type RunRow = Omit<Selectable<DB["workflow_run"]>, "trigger"> & { readonly trigger: Occurrence };
export type RunStatus = RunRow["status"];
type Entry = Selectable<DB["workflow_run_entry"]>;

/** Ids of what a step made, and figures: nothing of a person. */
export type Detail = Readonly<Record<string, string | number>>;

/** Waits for whoever is at it. */
export async function lockRun(tx: Transaction<DB>, projectId: string, id: string): Promise<RunRow | undefined> {
  const row = await tx
    .selectFrom("workflow_run")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  return row && toRun(row);
}

export function toRun(row: Selectable<DB["workflow_run"]>): RunRow {
  // Written by this service alone, and rewritten by an erasure without changing its form.
  return { ...row, trigger: row.trigger as Occurrence };
}

export async function note(
  tx: Kysely<DB>,
  run: Pick<RunRow, "project_id" | "id" | "customer_id">,
  entry: {
    readonly position: number | null;
    readonly kind: string | null;
    readonly outcome: Entry["outcome"];
    readonly reason?: string | null;
    readonly detail?: Detail;
  },
  at: Date,
): Promise<void> {
  await tx
    .insertInto("workflow_run_entry")
    .values({
      project_id: run.project_id,
      run_id: run.id,
      customer_id: run.customer_id,
      position: entry.position,
      kind: entry.kind,
      outcome: entry.outcome,
      reason: entry.reason ?? null,
      detail: JSON.stringify(entry.detail ?? {}),
      at,
    })
    .execute();
}

export async function updateRun(
  tx: Kysely<DB>,
  run: Pick<RunRow, "project_id" | "id">,
  change: Partial<Pick<RunRow, "status" | "reason" | "position" | "due_at" | "held" | "checked" | "ended_at">>,
): Promise<void> {
  await tx
    .updateTable("workflow_run")
    .set(change)
    .where("project_id", "=", run.project_id)
    .where("id", "=", run.id)
    .execute();
}

/** Ends it, and announces how. */
export async function endRun(
  tx: Kysely<DB>,
  run: RunRow,
  status: Exclude<RunStatus, "running">,
  reason: string | null,
  at: Date,
): Promise<void> {
  await updateRun(tx, run, { status, reason, ended_at: at, held: false });
  await announceRuns(tx, run.project_id, [{ ...run, status, reason }], at);
}

type Announced = Pick<
  RunRow,
  "id" | "workflow_id" | "version" | "customer_id" | "status" | "reason" | "position" | "depth"
> & { readonly trigger: Pick<Occurrence, "type"> };

const typeOf: Readonly<Record<RunStatus, Event["type"] & `workflow_run.${string}`>> = {
  running: "workflow_run.started",
  finished: "workflow_run.finished",
  stopped: "workflow_run.finished",
  cancelled: "workflow_run.finished",
  skipped: "workflow_run.skipped",
  failed: "workflow_run.failed",
};

/** Tells the warehouse of runs as they are now. */
export async function announceRuns(
  tx: Kysely<DB>,
  projectId: string,
  runs: readonly Announced[],
  at: Date,
): Promise<void> {
  if (runs.length === 0) return;
  const names = await namesOf(tx, projectId, runs);
  await appendEvents(
    tx,
    runs.map((run) => ({
      event_id: newId("evt"),
      project_id: projectId,
      type: typeOf[run.status],
      version: 1,
      occurred_at: at.toISOString(),
      payload: {
        workflow_run_id: run.id,
        workflow_id: run.workflow_id,
        workflow_version: run.version,
        workflow_name: names.workflows.get(run.workflow_id) ?? "",
        customer: names.customers.get(run.customer_id) ?? null,
        trigger: run.trigger.type,
        outcome: run.status === "running" ? "started" : run.status,
        reason: run.reason,
        position: run.position,
        depth: run.depth,
      },
    })),
  );
}

async function namesOf(tx: Kysely<DB>, projectId: string, runs: readonly Announced[]) {
  const { rows } = await sql<{ kind: "workflow" | "customer"; id: string; name: string }>`
    select 'workflow' as kind, id, name from workflow
    where project_id = ${projectId} and id = any(${[...new Set(runs.map((run) => run.workflow_id))]}::text[])
    union all
    select 'customer', id, identifier from customer
    where project_id = ${projectId} and id = any(${[...new Set(runs.map((run) => run.customer_id))]}::text[])
  `.execute(tx);
  const of = (kind: string) => new Map(rows.filter((row) => row.kind === kind).map((row) => [row.id, row.name]));
  return { workflows: of("workflow"), customers: of("customer") };
}
