/**
 * Forgets runs that ended long ago. That they were stays: as events, and in the warehouse. What must not begin a second
 * time is never forgotten: `docs/workflows.md` says what that is.
 */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";

export const runsDaysDefault = 400;
/** Caps count messages of the last year. */
export const runsDaysMin = 366;

const runsAtOnce = 1_000;
/** Of one round of the worker; the rest follows in the next. */
const chunksMax = 20;

/** @param at what counts as now; absent: the process's clock, which is near enough for days. @returns how many runs. */
export async function forgetRuns(
  db: Kysely<DB>,
  days: number,
  { at = new Date(), limit = runsAtOnce }: { readonly at?: Date; readonly limit?: number } = {},
  signal?: AbortSignal,
): Promise<number> {
  const before = new Date(at.getTime() - days * 86_400_000);
  let forgotten = 0;
  for (let chunk = 0; chunk < chunksMax && signal?.aborted !== true; chunk += 1) {
    const rows = await forgetSome(db, days, before, limit);
    forgotten += rows;
    if (rows < limit) break;
  }
  return forgotten;
}

/**
 * After an archiving nothing begins again: the rows that stayed go too, so many at once, the oldest first. Their logs are
 * gone already. @returns how many: fewer are all.
 */
export async function forgetRest(
  tx: Kysely<DB>,
  projectId: string,
  workflowId: string,
  limit: number,
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from workflow_run r using workflow w
    where w.project_id = ${projectId} and w.id = ${workflowId} and w.status = 'archived'
      and r.project_id = w.project_id and r.id in (
        select id from workflow_run where project_id = ${projectId} and workflow_id = ${workflowId} and forgotten
        order by id limit ${limit})`.execute(tx);
  return Number(numAffectedRows ?? 0);
}

/**
 * In the order in which they ended, on the index `workflow_run_ended`; a run that somebody replays is left alone. A run
 * stays, without its log and without what set it off, where the workflow may still begin and the row is what keeps the
 * customer from beginning it again: what is reached once, the end of a voucher, and workflows whose customers begin once
 * or wait for longer.
 */
function forgetSome(db: Kysely<DB>, days: number, before: Date, limit: number): Promise<number> {
  return db.transaction().execute(async (tx) => {
    // The log is append-only but for this: the setting ends with the transaction.
    await sql`set local tessera.retention = 'on'`.execute(tx);
    const { rows } = await sql<{ project_id: string; id: string; stays: boolean }>`
      with old as materialized (
        select r.project_id, r.id,
          w.status <> 'archived' and (
            r.trigger_key like 'orders:%' or r.trigger_key like 'voucher:%'
            or w.definition #>> '{settings,entry}' = 'once'
            or coalesce((w.definition #>> '{settings,entry_gap_days}')::int, 0) >= ${days}) as stays
        from workflow_run r join workflow w on w.project_id = r.project_id and w.id = r.workflow_id
        where r.ended_at < ${before}::timestamptz and not r.forgotten
        order by r.ended_at limit ${limit} for update of r skip locked
      ), stripped as (
        update workflow_run r set forgotten = true, trigger = jsonb_build_object(
          'type', r.trigger -> 'type', 'at', r.trigger -> 'at', 'fields', '{}'::jsonb, 'order', null, 'voucherIds', '[]'::jsonb)
        from old where r.project_id = old.project_id and r.id = old.id and old.stays
      ), entries as (
        delete from workflow_run_entry e using old where e.project_id = old.project_id and e.run_id = old.id
      )
      select old.project_id, old.id, old.stays from old`.execute(tx);
    const gone = rows.filter(({ stays }) => !stays);
    await sql`
      delete from workflow_run where (project_id, id) in (select * from unnest(
        ${gone.map((run) => run.project_id)}::text[], ${gone.map(({ id }) => id)}::text[]))`.execute(tx);
    return rows.length;
  });
}
