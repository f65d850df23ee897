/**
 * How fast a channel sends, exactly, however many processes do: a token bucket in one row, kept as one instant (the
 * generic cell rate algorithm, ITU-T I.371): in any t seconds at most burst + t × count / seconds messages.
 */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";

export interface Rate {
  readonly count: number;
  readonly seconds: number;
  readonly burst: number;
}

/** A message may go now, or not before `until`; those that wait are told different times, as fast as they may go. */
export type Turn = { readonly outcome: "taken" } | { readonly outcome: "wait"; readonly until: Date };

/**
 * The row is locked until the transaction ends: call it last.
 *
 * @param at by the clock of Postgres unless a test says: the processes' own may differ.
 */
export async function takeTurn(
  tx: Kysely<DB>,
  projectId: string,
  channelId: string,
  { count, seconds, burst }: Rate,
  at?: Date,
): Promise<Turn> {
  const step = sql`make_interval(secs => ${seconds}::float8 / ${count}::float8)`;
  const slack = sql`make_interval(secs => ${seconds}::float8 * ${burst - 1}::float8 / ${count}::float8)`;
  await sql`
    insert into channel_rate (project_id, channel_id, taken_until, next_at)
    values (${projectId}, ${channelId}, '-infinity', '-infinity') on conflict do nothing`.execute(tx);
  // The clock is read after the lock was had: whoever waited for it does not count from before.
  await sql`
    select from channel_rate where project_id = ${projectId} and channel_id = ${channelId} for update`.execute(tx);
  const now = at === undefined ? sql`clock_timestamp()` : sql`${at}::timestamptz`;
  const { rows } = await sql<{ taken: boolean; until: Date }>`
    with clock as materialized (select ${now} as now),
    before as (
      select greatest(r.taken_until, c.now) as taken_until, greatest(r.taken_until, c.now) - c.now <= ${slack} as taken
      from channel_rate r, clock c
      where r.project_id = ${projectId} and r.channel_id = ${channelId})
    update channel_rate r set
      taken_until = case when b.taken then b.taken_until + ${step} else r.taken_until end,
      next_at = case when b.taken then r.next_at else greatest(r.next_at, b.taken_until - ${slack}) + ${step} end
    from before b
    where r.project_id = ${projectId} and r.channel_id = ${channelId}
    returning b.taken, r.next_at - ${step} as until
  `.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new Error("the bucket of a channel is gone");
  return row.taken ? { outcome: "taken" } : { outcome: "wait", until: row.until };
}
