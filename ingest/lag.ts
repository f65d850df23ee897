/** How far ClickHouse is behind Postgres. */
import type pg from "pg";

export interface Lag {
  /** Committed events not yet delivered; counted up to 100,000. */
  readonly rows: number;
  /** Age of the oldest of them; 0 when there is none. */
  readonly seconds: number;
}

/** One index range from the cursor on; cheap when there is little to count, bounded when there is much. */
export async function readLag(pool: pg.Pool): Promise<Lag> {
  const { rows } = await pool.query<{ rows: number; seconds: number }>(`
    with cursor as (
      select coalesce(max(upto_xid::text), '0')::xid8 as xid, coalesce(max(upto_seq), 0) as seq
      from (select upto_xid, upto_seq from relay_batch where delivered_at is not null order by number desc limit 1) last
    ), waiting as (
      select recorded_at from outbox
      where (xid, seq) > ((select xid from cursor), (select seq from cursor))
      order by xid, seq limit 100000
    )
    select count(*) as rows,
           coalesce(greatest(extract(epoch from clock_timestamp() - min(recorded_at)), 0), 0)::float8 as seconds
    from waiting`);
  return rows[0] ?? { rows: 0, seconds: 0 };
}
