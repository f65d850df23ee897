/** Whom a job publishes to: written down before anything is published, so that each is in it once. */
import { type Selectable, sql, type Transaction } from "kysely";
import { ensureCustomers } from "../../customers/ensure.ts";
import type { DB } from "../../db/tables.ts";
import { Problem } from "../../http/problem.ts";

const membersMax = 1_000_000;
/** New customers are rows of parameters, of which a statement has 65,535. */
const ensuredAtOnce = 500;
/** A fraction of a second. */
const sliceSize = 10_000;

type Job = Pick<
  Selectable<DB["publication_job"]>,
  "project_id" | "id" | "segment_id" | "segment_cursor" | "total" | "created_at"
>;

export type Written =
  | { readonly outcome: "written"; readonly total: number; readonly segment_cursor: string | null }
  | { readonly outcome: "refused"; readonly reason: "segment_unknown" | "segment_too_large"; readonly total: number };

/**
 * The next members of its segment: those who were in it when the job was ordered and are still, when they are written
 * down, moments later. The segment is walked on `segment_member_by_segment`.
 */
export async function writeSegmentSlice(tx: Transaction<DB>, job: Job): Promise<Written> {
  const segment = await tx
    .selectFrom("segment")
    .select("id")
    .where("project_id", "=", job.project_id)
    .where("id", "=", job.segment_id)
    // One that is being deleted loses its members.
    .where("deleting_at", "is", null)
    .executeTakeFirst();
  if (!segment) return { outcome: "refused", reason: "segment_unknown", total: job.total };
  // The order's instant has milliseconds, the members' microseconds.
  const { rows } = await sql<{ walked: number; written: number; last: string | null }>`
    with slice as (
      select customer_id, entered_at from segment_member
      where project_id = ${job.project_id} and segment_id = ${job.segment_id} and customer_id > ${job.segment_cursor}
      order by customer_id limit ${sliceSize}
    ), written as (
      insert into publication_job_member (project_id, job_id, customer_id)
      select ${job.project_id}, ${job.id}, customer_id from slice
      where entered_at < ${job.created_at}::timestamptz + interval '1 millisecond'
      on conflict do nothing returning 1
    )
    select (select count(*) from slice)::int as walked, (select count(*) from written)::int as written,
           (select max(customer_id) from slice) as last
  `.execute(tx);
  const { walked, written, last } = rows[0] ?? { walked: 0, written: 0, last: null };
  const total = job.total + written;
  // With those of this slice, who are written down: whoever resumes it finds it as large.
  if (total > membersMax) return { outcome: "refused", reason: "segment_too_large", total };
  return { outcome: "written", total, segment_cursor: walked < sliceSize ? null : last };
}

/**
 * Makes customers who were never seen before, in one order: of two jobs that make the same ones neither waits for the
 * other in a circle.
 *
 * @returns the job's members in all
 */
export async function addCustomers(
  tx: Transaction<DB>,
  projectId: string,
  jobId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<number> {
  const wanted = [...new Set(identifiers)].sort();
  const ids: string[] = [];
  for (let start = 0; start < wanted.length; start += ensuredAtOnce) {
    ids.push(...(await ensureCustomers(tx, projectId, wanted.slice(start, start + ensuredAtOnce), at)));
  }
  const { numAffectedRows = 0n } = await sql`
    insert into publication_job_member (project_id, job_id, customer_id)
    select ${projectId}, ${jobId}, m.id from unnest(${ids}::text[]) m(id) on conflict do nothing
  `.execute(tx);
  const { total } = await tx
    .updateTable("publication_job")
    // That it still comes: `tidy.ts` forgets what has broken off.
    .set((eb) => ({ total: eb("total", "+", Number(numAffectedRows)), updated_at: sql<Date>`clock_timestamp()` }))
    .where("project_id", "=", projectId)
    .where("id", "=", jobId)
    .returning("total")
    .executeTakeFirstOrThrow();
  if (total > membersMax) throw new Problem("payload_too_large", `A job has at most ${membersMax} customers.`);
  return total;
}
