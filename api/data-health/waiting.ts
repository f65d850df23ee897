/** What of all projects waits to be sent or done, and which stocks are low: for metrics and alerts. */
import type pg from "pg";

export interface WaitingDeliveries {
  readonly kind: string;
  /** Counted up to 10,000 of each channel. */
  readonly count: number;
  /** How long the oldest is due that may be sent: not of channels that are off. */
  readonly seconds: number;
}

export async function readWaitingByKind(pool: pg.Pool): Promise<WaitingDeliveries[]> {
  const { rows } = await pool.query<WaitingDeliveries>(`
    select c.kind, sum(w.count)::int as count,
      coalesce(greatest(0, max(extract(epoch from now() - d.next_attempt_at)) filter (where c.enabled)), 0)::float8 as seconds
    from channel c
    cross join lateral (
      select count(*) as count from (
        select from delivery e where e.project_id = c.project_id and e.channel_id = c.id and e.status = 'queued' limit 10000
      ) waiting) w
    left join lateral (
      select e.next_attempt_at from delivery e
      where e.project_id = c.project_id and e.channel_id = c.id and e.status = 'queued'
      order by e.next_attempt_at limit 1) d on true
    group by c.kind order by c.kind`);
  return rows;
}

export interface WaitingJobs {
  readonly task: string;
  /** Whose time has come; of all tasks together up to 100,000. */
  readonly count: number;
  readonly seconds: number;
}

export async function readWaitingJobs(pool: pg.Pool): Promise<WaitingJobs[]> {
  const { rows } = await pool.query<WaitingJobs>(`
    select task_identifier as task, count(*)::int as count, extract(epoch from now() - min(run_at))::float8 as seconds
    from (
      select task_identifier, run_at from graphile_worker.jobs
      where locked_at is null and attempts < max_attempts and run_at <= now() order by run_at limit 100000) due
    group by task_identifier order by task_identifier`);
  return rows;
}

/** A message that is due for so long, at a channel that is on and has no limit of its own, is late. */
export const lateAfterSeconds = 15 * 60;

/** What was told to be low in the last days and still is: a pool that nobody fills any more is no alert for ever. */
const lowDays = 7;

/** How many: of campaigns that run, and of pools. */
export const lowStocks = `
  (select count(*) from campaign_stock s
   join campaign c on c.project_id = s.project_id and c.id = s.campaign_id
   where s.low_stock_at > now() - interval '${lowDays} days' and c.status = 'active' and c.low_stock is not null
     and (c.ends_at is null or c.ends_at > now()))
  + (select count(*) from pool p where p.low_stock_at > now() - interval '${lowDays} days')`;

/** Counted up to 100,000. */
export const lateDeliveries = `
  (select count(*) from (
     select from channel c
     join delivery d on d.project_id = c.project_id and d.channel_id = c.id and d.status = 'queued'
       and d.next_attempt_at < now() - interval '${lateAfterSeconds} seconds'
     where c.enabled and c.rate_count is null limit 100000) late)`;
