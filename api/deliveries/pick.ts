/** Takes what is due to be sent, from every project and every channel its share. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { cutOffSeconds, waitingHoursMax } from "./schedule.ts";

export interface Picked {
  readonly project_id: string;
  readonly channel_id: string;
  readonly id: string;
}

/**
 * How many are under way at once, of all processes: a provider that answers slowly takes its own places and no others,
 * and has few of them.
 */
const underWay = { ofChannel: 10, ofSlow: 2, ofProject: 20 };
/** An attempt that goes on for longer makes its channel a slow one. */
export const slowSeconds = 5;
/** Longer than an attempt may take. What is left of a process that died is taken by another then. */
const leaseSeconds = cutOffSeconds;
/** Of processes one at a time: two would count the same places as free. */
const pickLock = 7_407_331_043;

/**
 * From a channel as many as its rate lets go at this moment, and nothing while it is off, so that what waits there is not
 * looked at again and again; what was ordered too long ago all the same, as it is to be given up.
 *
 * @param free how many the caller can take.
 * @param slow channels that were slow a moment ago, although nothing of theirs is under way by now.
 */
export async function pickDue(
  db: Kysely<DB>,
  free: number,
  now: Date,
  slow: readonly string[] = [],
): Promise<Picked[]> {
  const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
  const tooOld = ago(waitingHoursMax * 3_600);
  return db.transaction().execute(async (tx) => {
    const lock = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${pickLock}::bigint) as mine`.execute(
      tx,
    );
    if (lock.rows[0]?.mine !== true) return [];
    const { rows } = await sql<Picked>`
      with held as (
        select project_id, channel_id, count(*) as n, count(*) filter (where status = 'queued') as not_begun,
          bool_or(coalesce(sending_since < ${ago(slowSeconds)}, false)) as is_slow
        from delivery where leased_until > ${now} and status in ('queued', 'sending') group by 1, 2
      ), due as (
        select c.project_id, d.id, d.next_attempt_at, d.turn, coalesce(p.n, 0) as held_of_project
        from channel c
        left join held h on h.project_id = c.project_id and h.channel_id = c.id
        left join (select project_id, sum(n) as n from held group by 1) p on p.project_id = c.project_id
        left join channel_rate r on r.project_id = c.project_id and r.channel_id = c.id
        cross join lateral (
          -- As takeTurn counts (channels/rate.ts), which decides; less those that have not asked it yet.
          select case when c.rate_count is null or c.deleted_at is not null then ${underWay.ofChannel}::bigint
            else greatest(0, least(${underWay.ofChannel}::bigint, floor(c.rate_burst - c.rate_count::float8 / c.rate_seconds
              * extract(epoch from greatest(r.taken_until, clock_timestamp()) - clock_timestamp())) - coalesce(h.not_begun, 0)))::bigint end as n
        ) may_go
        cross join lateral (
          select w.id, w.next_attempt_at, row_number() over (order by w.next_attempt_at, w.id) as turn
          from (
            select id, next_attempt_at from delivery e
            where e.project_id = c.project_id and e.channel_id = c.id and e.status = 'queued'
              and e.next_attempt_at <= case when c.enabled or c.deleted_at is not null then ${now}::timestamptz
                else ${tooOld}::timestamptz end
              and (e.leased_until is null or e.leased_until <= ${now})
            order by e.next_attempt_at
            limit greatest(0, least(may_go.n,
              case when h.is_slow or c.id = any(${slow}::text[]) then ${underWay.ofSlow}::int else ${underWay.ofChannel}::int end - coalesce(h.n, 0)))
          ) w
        ) d
      ), placed as (
        select *, row_number() over (partition by project_id order by turn, next_attempt_at) as place from due
      ), picked as (
        (select project_id, id from placed where place + held_of_project <= ${underWay.ofProject}::int
         order by place, next_attempt_at limit ${free})
        union all
        (select project_id, id from delivery
         where status = 'sending' and sending_since <= ${ago(cutOffSeconds)}
           and (leased_until is null or leased_until <= ${now})
         order by sending_since limit ${free})
      ), locked as materialized (
        select d.project_id, d.id from picked p join delivery d on d.project_id = p.project_id and d.id = p.id
        limit ${free} for update of d skip locked
      )
      update delivery d set leased_until = ${ago(-leaseSeconds)}
      from locked l where d.project_id = l.project_id and d.id = l.id
      returning d.project_id, d.channel_id, d.id`.execute(tx);
    return rows;
  });
}
