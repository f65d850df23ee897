/** Takes what is due to be sent, from every project and every subscription its share. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";

export interface Claimed {
  readonly project_id: string;
  readonly subscription_id: string;
  readonly event_id: string;
  readonly xid: string;
  readonly seq: number;
  /** This one among them. */
  readonly tries: number;
  readonly url: string;
  readonly with_risk: boolean;
  readonly is_failing: boolean;
  readonly secret: Buffer;
  readonly secret_before: Buffer | null;
  readonly secret_before_until: Date | null;
}

/**
 * How many are on their way at once, of all processes: a slow receiver takes its own places and no others, and one that
 * fails has few of them.
 */
const inFlight = { ofSubscription: 16, ofFailing: 2, ofProject: 48 };
/** Longer than an attempt may take. Who has not settled by then is gone, and the event is sent again. */
const leaseSeconds = 60;
/** Of processes one at a time: two would count the same places as free. */
const claimLock = 7_407_331_042;

/** @param free how many the caller can take. */
export async function claimDue(db: Kysely<DB>, free: number, now: Date): Promise<Claimed[]> {
  return db.transaction().execute(async (tx) => {
    const lock = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${claimLock}::bigint) as mine`.execute(
      tx,
    );
    if (lock.rows[0]?.mine !== true) return [];
    const { rows } = await sql<Claimed>`
      with held as (
        select project_id, subscription_id, count(*) as n from event_delivery where status = 'sending' group by 1, 2
      ), due as (
        select s.project_id, s.id, d.event_id, d.next_attempt_at, d.turn, coalesce(p.n, 0) as held_of_project
        from event_subscription s
        left join held h on h.project_id = s.project_id and h.subscription_id = s.id
        left join (select project_id, sum(n) as n from held group by 1) p on p.project_id = s.project_id
        cross join lateral (
          select w.event_id, w.next_attempt_at, row_number() over (order by w.next_attempt_at, w.event_id) as turn
          from (
            select event_id, next_attempt_at from event_delivery e
            where e.project_id = s.project_id and e.subscription_id = s.id and e.status = 'waiting'
              and e.next_attempt_at <= ${now}
            order by e.next_attempt_at
            limit greatest(
              case when s.failing_since is null then ${inFlight.ofSubscription}::int else ${inFlight.ofFailing}::int end
              - coalesce(h.n, 0), 0)
          ) w
        ) d
        where s.status = 'active'
      ), placed as (
        select *, row_number() over (partition by project_id order by turn, next_attempt_at) as place from due
      ), picked as (
        select * from placed where place + held_of_project <= ${inFlight.ofProject}::int
        order by place, next_attempt_at limit ${free}
      ), locked as materialized (
        select p.project_id, p.id, p.event_id
        from picked p
        join event_delivery w on w.project_id = p.project_id and w.subscription_id = p.id and w.event_id = p.event_id
        for update of w skip locked
      )
      update event_delivery d
      set status = 'sending', tries = d.tries + 1, leased_until = ${new Date(now.getTime() + leaseSeconds * 1000)},
          updated_at = ${now}
      from locked p join event_subscription s on s.project_id = p.project_id and s.id = p.id
      where d.project_id = p.project_id and d.subscription_id = p.id and d.event_id = p.event_id and d.status = 'waiting'
      returning d.project_id, d.subscription_id, d.event_id, d.xid::text, d.seq, d.tries, s.url, s.with_risk,
        s.failing_since is not null as is_failing, s.secret,
        s.secret_before, s.secret_before_until`.execute(tx);
    return rows;
  });
}

/** Frees what a process had that is gone: it may have arrived, and is sent again under the same id. */
export async function freeAbandoned(db: Kysely<DB>, now: Date): Promise<void> {
  const attempt = JSON.stringify([{ at: now.toISOString(), outcome: "unknown", reason: "abandoned" }]);
  await sql`
    update event_delivery
    set status = 'waiting', leased_until = null, next_attempt_at = ${now}, updated_at = ${now},
        attempts = attempts || ${attempt}::jsonb
    where ctid in (
      select ctid from event_delivery where status = 'sending' and leased_until <= ${now} for update skip locked)
      and status = 'sending' and leased_until <= ${now}`.execute(db);
}
