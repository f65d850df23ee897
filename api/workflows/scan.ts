/**
 * Triggers that are a day or an hour: birthdays, anniversaries, vouchers that end soon. The time of each workflow is
 * followed from window to window, page by page; where it stands is written by the transaction that begins the runs, and
 * the key of a run (the year, the voucher) begins it once whatever is read twice.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, type Selectable, sql } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../db/tables.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { type ActiveWorkflow, readActive } from "./active.ts";
import { type Due, dueOf } from "./due.ts";
import { meets } from "./facts.ts";
import { forgetRuns, runsDaysDefault } from "./forget.ts";
import { rescueRuns } from "./release.ts";
import { type Candidate, startRuns } from "./start.ts";

const minuteMs = 60_000;
/** A window reaches so far ahead, so that a run is there before its moment; the next begins a quarter of an hour before its end. */
const aheadMs = 75 * minuteMs;
const marginMs = 15 * minuteMs;
/** Moments that are longer past, because nothing was running, are let go. */
const pastMs = 3 * 24 * 60 * minuteMs;

type ScanRow = Selectable<DB["workflow_scan"]>;

const pauseMs = 60_000;

interface ScanDeps {
  readonly db: Kysely<DB>;
  readonly log: Logger;
  /** How long runs that ended are kept. Absent: the default. */
  readonly workflowRunsDays?: number;
}

export async function runScans(deps: ScanDeps, signal: AbortSignal) {
  while (!signal.aborted) {
    await scanDue(deps.db, undefined, signal);
    const rescued = await deps.db.transaction().execute(async (tx) => rescueRuns(tx, await databaseNow(tx)));
    if (rescued > 0) deps.log.warn({ runs: rescued }, "runs of workflows had no job and go on");
    const forgotten = await forgetRuns(deps.db, deps.workflowRunsDays ?? runsDaysDefault, {}, signal);
    if (forgotten > 0) deps.log.info({ runs: forgotten }, "forgot old runs of workflows");
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Until nothing is due. @param at what counts as now; absent: the database's clock. */
export async function scanDue(db: Kysely<DB>, at?: Date, signal?: AbortSignal): Promise<void> {
  while (signal?.aborted !== true) {
    if (!(await scanPage(db, at ?? (await databaseNow(db))))) return;
  }
}

/**
 * Everything is read before the transaction begins that writes: while it lasts, readers of the outbox wait.
 *
 * @returns false when no workflow is due.
 */
async function scanPage(db: Kysely<DB>, at: Date): Promise<boolean> {
  const scan = await findDueScan(db, at);
  if (scan === undefined) return false;
  const [workflow] = await readActive(db, [scan.project_id], timedTriggers, scan.workflow_id);
  const upto = scan.upto ?? new Date(at.getTime() + aheadMs);
  const since = new Date(Math.max(scan.scanned_until.getTime(), at.getTime() - pastMs));
  const window = { since, upto };
  const page = workflow === undefined ? { due: [], next: null } : await dueOf(db, workflow, window, scan.after_id);
  const candidates = workflow === undefined ? [] : await candidatesOf(db, workflow, page.due, at);
  await db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("workflow_scan")
      .set(page.next === null ? { scanned_until: upto, upto: null, after_id: "" } : { upto, after_id: page.next })
      .where("project_id", "=", scan.project_id)
      .where("workflow_id", "=", scan.workflow_id)
      .where(sql<boolean>`xmin::text = ${scan.row_version}`)
      .executeTakeFirst();
    // Another process has done this page, or the workflow was activated anew.
    if (numUpdatedRows === 1n) await startRuns(tx, candidates, at);
  });
  return true;
}

const timedTriggers = ["customer.birthday", "customer.anniversary", "voucher.expiring"];

async function findDueScan(db: Kysely<DB>, at: Date) {
  const { rows } = await sql<ScanRow & { row_version: string }>`
    select s.*, s.xmin::text as row_version from workflow_scan s
    join workflow w on w.project_id = s.project_id and w.id = s.workflow_id
    where w.status = 'active' and w.trigger_on = any(${timedTriggers}::text[])
      and s.scanned_until < ${new Date(at.getTime() + marginMs)}::timestamptz
    order by s.scanned_until limit 1`.execute(db);
  return rows[0];
}

async function candidatesOf(
  db: Kysely<DB>,
  workflow: ActiveWorkflow,
  due: readonly Due[],
  at: Date,
): Promise<Candidate[]> {
  const { conditions, settings } = workflow.definition;
  const candidates: Candidate[] = [];
  for (const { customer, occurrence, triggerKey, moment } of due) {
    const asked = { projectId: workflow.projectId, customer, settings, occurrence, at };
    if (conditions !== null && !(await meets(db, conditions, asked))) continue;
    candidates.push({
      projectId: workflow.projectId,
      workflow: { id: workflow.id, version: workflow.version, settings },
      customerId: customer.id,
      triggerKey,
      comesOnce: false,
      refused: null,
      occurrence,
      depth: 0,
      dueAt: moment,
    });
  }
  return candidates;
}
