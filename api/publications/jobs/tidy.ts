/** Forgets what jobs leave behind: uploads that broke off with their process, and the members of jobs long over. */
import { setTimeout as delay } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/tables.ts";

const everyMs = 10 * 60_000;
/** A block of an upload comes every few seconds; a process that died sends none. */
const brokenAfter = "1 hour";
/** So long a job that failed can be resumed, and a list of its customers exported. */
export const membersKeptDays = 30;
const membersAtOnce = 10_000;

/** Runs until `signal` aborts; any number may run at once. */
export async function runJobTidying({ db }: { readonly db: Kysely<DB> }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    while ((await tidyJob(db, new Date())) && !signal.aborted);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Some members of one job, and the job when those were its last. @returns false when nothing is left to tidy. */
export function tidyJob(db: Kysely<DB>, at: Date): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ project_id: string; id: string; status: string }>`
      select project_id, id, status from publication_job
      where members_forgotten_at is null and status not in ('running', 'paused')
        and updated_at < ${at}::timestamptz - case status when 'receiving' then ${brokenAfter}::interval
                                                          else make_interval(days => ${membersKeptDays}) end
      order by updated_at limit 1 for update skip locked
    `.execute(tx);
    const [job] = rows;
    if (!job) return false;
    const { numAffectedRows = 0n } = await sql`
      delete from publication_job_member where ctid = any(array(
        select ctid from publication_job_member where project_id = ${job.project_id} and job_id = ${job.id}
        limit ${membersAtOnce}))
    `.execute(tx);
    if (numAffectedRows === BigInt(membersAtOnce)) return true;
    const ofJob = sql`project_id = ${job.project_id} and id = ${job.id}`;
    if (job.status === "receiving") await sql`delete from publication_job where ${ofJob}`.execute(tx);
    else await sql`update publication_job set members_forgotten_at = ${at}::timestamptz where ${ofJob}`.execute(tx);
    return true;
  });
}
