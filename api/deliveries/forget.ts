/** Forgets what became of old messages to customers. That they were sent stays: as events, and in the warehouse. */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../db/tables.ts";

/** How long the log of what was sent is kept, of messages to customers and of events that receivers did not take. */
export interface Kept {
  readonly deliveriesDays: number;
  readonly eventDeliveriesDays: number;
}

export const defaultKept: Kept = { deliveriesDays: 180, eventDeliveriesDays: 30 };

const everyMs = 10 * 60_000;
const chunkRows = 2_000;

/** Runs until the signal; any number may run at once. */
export async function runForgetting(
  { db, log }: { readonly db: Kysely<DB>; readonly log: Logger },
  { deliveriesDays }: Kept,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let forgotten = 0;
    let rows = chunkRows;
    while (rows === chunkRows && !signal.aborted) {
      rows = await forgetDeliveries(db, deliveriesDays, new Date(), chunkRows);
      forgotten += rows;
    }
    if (forgotten > 0) log.info({ forgotten }, "forgot old deliveries");
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Those that ended, with their attempts, so many at once; none that a frequency cap of the project's channels still counts.
 *
 * @returns how many deliveries.
 */
export async function forgetDeliveries(db: Kysely<DB>, days: number, now: Date, limit: number): Promise<number> {
  const { rows } = await sql`
    with old as materialized (
      select d.project_id, d.id
      from project p
      cross join lateral (
        select now.at - make_interval(hours => greatest(${days}::int * 24, coalesce(max(c.cap_hours), 0))) as before
        from (select ${now}::timestamptz as at) now
        left join channel c on c.project_id = p.id and c.deleted_at is null
        group by now.at
      ) kept
      cross join lateral (
        select e.project_id, e.id from delivery e
        where e.project_id = p.id and e.status not in ('queued', 'sending') and e.updated_at < kept.before
        order by e.updated_at limit ${limit} for update skip locked
      ) d
      limit ${limit}
    ), attempts as (
      delete from delivery_attempt a using old where a.project_id = old.project_id and a.delivery_id = old.id
    )
    delete from delivery d using old where d.project_id = old.project_id and d.id = old.id returning 1`.execute(db);
  return rows.length;
}
