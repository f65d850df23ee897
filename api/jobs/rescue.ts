/**
 * Frees jobs of processes that died. The queue itself waits four hours, as it cannot know; we can: a process holds an
 * advisory lock on a connection of its own while it lives, and Postgres takes it away at once.
 */
import { randomInt } from "node:crypto";
import type pg from "pg";
import { jobWorkerLocks } from "../../ingest/locks.ts";

/** Whoever works is written down just after it began, and may have a job by then. */
const unknownSeconds = 60;
/** How long somebody who is gone is looked for. */
const goneSeconds = 600;

export interface Presence {
  /** Writes down what jobs are locked by that this process has. */
  announce(workerId: string): Promise<void>;
}

/** @param client lives as long as the workers, and belongs to nobody else. */
export async function takePresence(client: pg.ClientBase, pool: pg.Pool): Promise<Presence> {
  const lockKey = randomInt(2 ** 31 - 1);
  await client.query("select pg_advisory_lock($1::int, $2::int)", [jobWorkerLocks, lockKey]);
  return {
    async announce(workerId) {
      await pool.query("insert into job_worker (worker_id, lock_key) values ($1, $2)", [workerId, lockKey]);
    },
  };
}

/**
 * What the dead asked for last may reach Postgres after them: who is gone is looked for a while longer.
 *
 * @returns how many had a job.
 */
export async function rescueJobs(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ worker_id: string }>(
    `with alive as materialized (
       select objid::bigint as lock_key from pg_locks
       where locktype = 'advisory' and objsubid = 2 and classid::bigint = $1 and granted
         and database = (select oid from pg_database where datname = current_database())
     ), gone as (
       update job_worker set gone_at = now()
       where gone_at is null and lock_key not in (select lock_key from alive) returning worker_id
     ), forgotten as (
       delete from job_worker where gone_at < now() - make_interval(secs => $3)
     )
     select distinct j.locked_by as worker_id
     from graphile_worker.jobs j left join job_worker w on w.worker_id = j.locked_by
     where j.locked_by in (select worker_id from gone) or w.gone_at is not null
       or w.worker_id is null and j.locked_at < now() - make_interval(secs => $2)`,
    [jobWorkerLocks, unknownSeconds, goneSeconds],
  );
  if (rows.length === 0) return 0;
  await client.query("select graphile_worker.force_unlock_workers($1)", [rows.map((row) => row.worker_id)]);
  return rows.length;
}
