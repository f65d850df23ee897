/**
 * Triggers that are a day or an hour: birthdays, anniversaries, vouchers that end soon. The time of each workflow is
 * followed from window to window, page by page; where it stands is written by the transaction that begins the runs, and
 * the key of a run (the year, the voucher) begins it once whatever is read twice.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../db/tables.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { type ActiveWorkflow, readActive } from "./active.ts";
import { type Due, dueOf, pageSize } from "./due.ts";
import { meets } from "./facts.ts";
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

export async function runScans(deps: { readonly db: Kysely<DB>; readonly log: Logger }, signal: AbortSignal) {
  while (!signal.aborted) {
    await scanDue(deps.db, undefined, signal);
    const rescued = await deps.db.transaction().execute(async (tx) => rescueRuns(tx, await databaseNow(tx)));
    if (rescued > 0) deps.log.warn({ runs: rescued }, "runs of workflows had no job and go on");
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Until nothing is due. @param at what counts as now; absent: the database's clock. */
export async function scanDue(db: Kysely<DB>, at?: Date, signal?: AbortSignal): Promise<void> {
  while (signal?.aborted !== true) {
    const more = await db.transaction().execute(async (tx) => scanPage(tx, at ?? (await databaseNow(tx))));
    if (!more) return;
  }
}

/** @returns false when no workflow is due. */
async function scanPage(tx: Transaction<DB>, at: Date): Promise<boolean> {
  const scan = await claim(tx, at);
  if (scan === undefined) return false;
  const [workflow] = await readActive(tx, [scan.project_id], timedTriggers, scan.workflow_id);
  const upto = scan.upto ?? new Date(at.getTime() + aheadMs);
  const since = new Date(Math.max(scan.scanned_until.getTime(), at.getTime() - pastMs));
  const window = { since, upto };
  const page = workflow === undefined ? { due: [], next: null } : await dueOf(tx, workflow, window, scan.after_id);
  if (workflow !== undefined) await begin(tx, workflow, page.due, at);
  await tx
    .updateTable("workflow_scan")
    .set(page.next === null ? { scanned_until: upto, upto: null, after_id: "" } : { upto, after_id: page.next })
    .where("project_id", "=", scan.project_id)
    .where("workflow_id", "=", scan.workflow_id)
    .execute();
  return true;
}

const timedTriggers = ["customer.birthday", "customer.anniversary", "voucher.expiring"];

async function claim(tx: Transaction<DB>, at: Date): Promise<ScanRow | undefined> {
  const { rows } = await sql<ScanRow>`
    select s.* from workflow_scan s
    join workflow w on w.project_id = s.project_id and w.id = s.workflow_id
    where w.status = 'active' and w.trigger_on = any(${timedTriggers}::text[])
      and s.scanned_until < ${new Date(at.getTime() + marginMs)}::timestamptz
    order by s.scanned_until limit 1 for update of s skip locked`.execute(tx);
  return rows[0];
}

async function begin(tx: Transaction<DB>, workflow: ActiveWorkflow, due: readonly Due[], at: Date): Promise<void> {
  const { conditions, settings } = workflow.definition;
  const candidates: Candidate[] = [];
  for (const { customer, occurrence, triggerKey, moment } of due) {
    const asked = { projectId: workflow.projectId, customer, settings, occurrence, at };
    if (conditions !== null && !(await meets(tx, conditions, asked))) continue;
    candidates.push({
      projectId: workflow.projectId,
      workflow: { id: workflow.id, version: workflow.version, settings },
      customerId: customer.id,
      triggerKey,
      occurrence,
      depth: 0,
      dueAt: moment,
    });
  }
  for (let from = 0; from < candidates.length; from += pageSize) {
    await startRuns(tx, candidates.slice(from, from + pageSize), at);
  }
}
