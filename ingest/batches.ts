/**
 * The relay's side of Postgres: which rows of the outbox make the next batch, and what became of it.
 *
 * `migrations/003_outbox.sql` says why rows are read below the snapshot's horizon in (xid, seq) order, and why the
 * bounds of a batch are stored before it is sent.
 */
import type pg from "pg";
import type { StoredEvent } from "./rows.ts";

interface Position {
  readonly xid: string;
  readonly seq: number;
}

export interface Batch {
  /** Names the batch in deduplication tokens; unique among all databases that may share a ClickHouse. */
  readonly token: string;
  readonly number: number;
  readonly after: Position;
  readonly upto: Position;
  readonly rows: number;
}

export interface DeadLetter {
  readonly event: Pick<StoredEvent, "xid" | "seq" | "event_id" | "project_id" | "type">;
  readonly error: string;
}

export interface BatchLimits {
  readonly rows: number;
  /** Stored (compressed) bytes of payloads; one row larger than this still makes a batch. */
  readonly bytes: number;
}

interface BatchRow {
  number: number;
  after_xid: string;
  after_seq: number;
  upto_xid: string;
  upto_seq: number;
  rows: number;
  delivered: boolean;
  stream: string;
}

/** `ahead`: the cursor lies beyond every transaction of this server. */
type Newest = (BatchRow | (BatchRow & { number: null })) & { ahead: boolean };

const newestBatch = `
  select b.number, b.after_xid::text, b.after_seq, b.upto_xid::text, b.upto_seq, b.rows,
         b.delivered_at is not null as delivered, s.id as stream,
         coalesce(b.upto_xid >= pg_snapshot_xmax(pg_current_snapshot()), false) as ahead
  from relay_stream s left join lateral (select * from relay_batch order by number desc limit 1) b on true`;

/**
 * The batch to send now: the one that was left open, else a new one whose bounds are stored before this returns.
 * Undefined when no row below the horizon waits.
 */
export async function openBatch(client: pg.ClientBase, limits: BatchLimits): Promise<Batch | undefined> {
  const newest = (await client.query<Newest>(newestBatch)).rows[0];
  if (newest === undefined) throw new Error("relay_stream is empty: the database is not migrated");
  if (newest.number !== null && !newest.delivered) return toBatch(newest);
  if (newest.ahead) throw foreignCursor(newest.upto_xid);
  const start: Position =
    newest.number === null ? { xid: "0", seq: 0 } : { xid: newest.upto_xid, seq: newest.upto_seq };
  const opened = await client.query<BatchRow>(
    `with waiting as (
       select xid, seq, row_number() over positions as place, sum(pg_column_size(payload)) over positions as bytes
       from outbox
       where (xid, seq) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
       window positions as (order by xid, seq)
       order by xid, seq
       limit $3
     ), last as (
       select xid, seq, place from waiting where place = 1 or bytes <= $4 order by place desc limit 1
     )
     insert into relay_batch (number, after_xid, after_seq, upto_xid, upto_seq, rows)
     select $5::bigint, $1::xid8, $2::bigint, xid, seq, place from last
     returning number, after_xid::text, after_seq, upto_xid::text, upto_seq, rows, false as delivered, $6::text as stream`,
    [start.xid, start.seq, limits.rows, limits.bytes, (newest.number ?? 0) + 1, newest.stream],
  );
  const row = opened.rows[0];
  return row === undefined ? undefined : toBatch(row);
}

/**
 * A dump that is loaded into another cluster takes the cursor along, and there transaction ids start again: every new
 * row would lie behind the cursor and count as delivered.
 */
function foreignCursor(cursor: string): Error {
  return new Error(
    `the relay's cursor (transaction ${cursor}) is ahead of this server: it was moved here by a logical dump; see docs/operations.md`,
  );
}

/** @throws Error when rows of the batch are gone: sending the rest under its token would hide that. */
export async function readBatch(client: pg.ClientBase, batch: Batch): Promise<StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>(
    `select xid::text, seq, event_id, project_id, type, version, payload::text,
            to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
            to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at
     from outbox
     where (xid, seq) > ($1::xid8, $2::bigint) and (xid, seq) <= ($3::xid8, $4::bigint)
     order by outbox.xid, outbox.seq`,
    [batch.after.xid, batch.after.seq, batch.upto.xid, batch.upto.seq],
  );
  if (rows.length !== batch.rows) {
    throw new Error(`batch ${batch.number} had ${batch.rows} rows when it was opened and has ${rows.length} now`);
  }
  return rows;
}

/** Marks the batch delivered and keeps what could not be. One statement: both happen, or neither. */
export async function finishBatch(client: pg.ClientBase, batch: Batch, dead: readonly DeadLetter[]): Promise<void> {
  await client.query(
    `with dead as (
       insert into dead_letter (xid, seq, event_id, project_id, type, error)
       select xid::xid8, seq, event_id, project_id, type, error
       from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
         as letter (xid, seq, event_id, project_id, type, error)
       on conflict (xid, seq) do update set error = excluded.error, failed_at = excluded.failed_at
     )
     update relay_batch set delivered_at = now() where number = $1 and delivered_at is null`,
    [
      batch.number,
      dead.map(({ event }) => event.xid),
      dead.map(({ event }) => event.seq),
      dead.map(({ event }) => event.event_id),
      dead.map(({ event }) => event.project_id),
      dead.map(({ event }) => event.type),
      dead.map(({ error }) => error.slice(0, 2_000)),
    ],
  );
}

/** The newest row that any transaction has committed, below the horizon or not. */
export async function newestPosition(pool: pg.Pool): Promise<Position | undefined> {
  // Qualified: a bare xid in ORDER BY is the text of the select list, in which 999 comes after 1000.
  const { rows } = await pool.query<Position>(
    "select xid::text, seq from outbox order by outbox.xid desc, outbox.seq desc limit 1",
  );
  return rows[0];
}

export async function isDelivered(pool: pg.Pool, position: Position): Promise<boolean> {
  const { rows } = await pool.query<{ delivered: boolean }>(
    `select (upto_xid, upto_seq) >= ($1::xid8, $2::bigint) as delivered
     from relay_batch where delivered_at is not null order by number desc limit 1`,
    [position.xid, position.seq],
  );
  return rows[0]?.delivered ?? false;
}

/**
 * Deletes rows that were delivered more than `olderThanDays` days ago, in chunks of their own, and the batches they
 * went with. The newest delivered batch stays, it is the cursor; so do dead letters. ClickHouse does not fsync every
 * insert: until then the outbox is what a lost one is sent again from.
 *
 * @returns how many rows of the outbox were deleted.
 */
export async function pruneOutbox(pool: pg.Pool, olderThanDays: number, chunkRows = 5_000): Promise<number> {
  const boundary = await pool.query<{ number: number; upto_xid: string; upto_seq: number; delivered_at: Date }>(
    `select number, upto_xid::text, upto_seq, delivered_at from relay_batch
     where delivered_at < now() - make_interval(days => $1) order by number desc limit 1`,
    [olderThanDays],
  );
  const last = boundary.rows[0];
  if (last === undefined) return 0;
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

function toBatch(row: BatchRow): Batch {
  return {
    token: `outbox-${row.stream}-${row.number}`,
    number: row.number,
    after: { xid: row.after_xid, seq: row.after_seq },
    upto: { xid: row.upto_xid, seq: row.upto_seq },
    rows: row.rows,
  };
}
