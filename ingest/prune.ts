/** Forgets what was delivered. */
import type pg from "pg";

/**
 * Deletes rows that were delivered more than `olderThanDays` days ago, in chunks of their own, and the batches they
 * went with. The newest delivered batch stays, it is the cursor; so do dead letters, and whatever a consumer
 * (`consumer.ts`) has not gone over, however long it stands. ClickHouse does not fsync every insert: until then the
 * outbox is what a lost one is sent again from.
 *
 * @returns how many rows of the outbox were deleted.
 */
export async function pruneOutbox(pool: pg.Pool, olderThanDays: number, chunkRows = 5_000): Promise<number> {
  const boundary = await pool.query<{ number: number; upto_xid: string; upto_seq: number; delivered_at: Date }>(
    `select number, upto_xid::text, upto_seq, delivered_at from relay_batch
     where delivered_at < now() - make_interval(days => $1)
       and (upto_xid, upto_seq) <= all (select xid, seq from event_consumer)
     order by number desc limit 1`,
    [olderThanDays],
  );
  const last = boundary.rows[0];
  if (last === undefined) return 0;
  // Said before it is done: who sends rows again, or compares them, must know of every one that may be gone.
  await pool.query(
    `insert into outbox_pruned (upto_xid, upto_seq, recorded_until) values ($1::xid8, $2, $3)
     on conflict ((true)) do update set upto_xid = excluded.upto_xid, upto_seq = excluded.upto_seq,
       recorded_until = excluded.recorded_until, pruned_at = now()`,
    [last.upto_xid, last.upto_seq, last.delivered_at],
  );
  let deleted = 0;
  for (;;) {
    const chunk = await pool.query(
      `delete from outbox where (xid, seq) in (
         select o.xid, o.seq from outbox o
         where (o.xid, o.seq) <= ($1::xid8, $2::bigint) and o.recorded_at <= $4
           and not exists (select from dead_letter d where d.xid = o.xid and d.seq = o.seq)
         order by o.xid, o.seq limit $3)`,
      [last.upto_xid, last.upto_seq, chunkRows, last.delivered_at],
    );
    deleted += chunk.rowCount ?? 0;
    if ((chunk.rowCount ?? 0) < chunkRows) break;
  }
  await pool.query("delete from relay_batch where number < $1", [last.number]);
  return deleted;
}
