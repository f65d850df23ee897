/**
 * The relay's side of Postgres: which rows of the outbox make the next batch, and what became of it.
 *
 * `migrations/003_outbox.sql` says why rows are read below the snapshot's horizon in (xid, seq) order, and why the
 * bounds of a batch are stored before it is sent. Rows may be read before their batch is opened: below the horizon every
 * transaction has ended, so that a range holds the same rows whenever it is read again.
 */
import type pg from "pg";
import type { StoredEvent } from "./rows.ts";

export interface Position {
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

/** Characters of an error that are kept. */
export const errorMax = 2_000;

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

/** Where the stream stands: either a batch was left open and has to be sent first, or rows after `upto` are next. */
export interface Head {
  readonly stream: string;
  /** Of the newest batch, 0 before the first. */
  readonly number: number;
  readonly upto: Position;
  readonly open: Batch | undefined;
}

export async function readHead(client: pg.ClientBase): Promise<Head> {
  const newest = (await client.query<Newest>({ name: "relay head", text: newestBatch })).rows[0];
  if (newest === undefined) throw new Error("relay_stream is empty: the database is not migrated");
  if (newest.number === null) return { stream: newest.stream, number: 0, upto: { xid: "0", seq: 0 }, open: undefined };
  if (newest.delivered && newest.ahead) throw foreignCursor(newest.upto_xid);
  const batch = toBatch(newest);
  return {
    stream: newest.stream,
    number: batch.number,
    upto: batch.upto,
    open: newest.delivered ? undefined : batch,
  };
}

/** What `StoredEvent` is read by, from the table or a subquery with all its columns. */
export const storedColumns = `
  xid::text, seq, event_id, project_id, type, version, payload::text,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
  to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at`;

/** The next rows below the horizon, none when none waits. */
export async function readAfter(client: pg.ClientBase, after: Position, limits: BatchLimits): Promise<StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>({
    name: "relay read",
    text: `
      select ${storedColumns}
      from (
        select *, row_number() over positions as place, sum(pg_column_size(payload)) over positions as bytes
        from outbox
        where (xid, seq) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
        window positions as (order by xid, seq)
        order by xid, seq
        limit $3
      ) waiting
      where place = 1 or bytes <= $4
      order by waiting.xid, waiting.seq`,
    values: [after.xid, after.seq, limits.rows, limits.bytes],
  });
  return rows;
}

/** The batch of these rows, which come after `head`, as it will be once its bounds are stored. */
export function nextBatch(head: Omit<Head, "open">, stored: readonly StoredEvent[]): Batch {
  const last = stored.at(-1);
  if (last === undefined) throw new Error("a batch has rows");
  const number = head.number + 1;
  return {
    token: tokenOf(head.stream, number),
    number,
    after: head.upto,
    upto: { xid: last.xid, seq: last.seq },
    rows: stored.length,
  };
}

/** Stores the bounds: from now on exactly these rows go under this token, whoever sends them. */
export async function openBatch(client: pg.ClientBase, batch: Batch): Promise<void> {
  await client.query({
    name: "relay open",
    text: `insert into relay_batch (number, after_xid, after_seq, upto_xid, upto_seq, rows)
           values ($1, $2::xid8, $3, $4::xid8, $5, $6)`,
    values: boundsOf(batch),
  });
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
    `select ${storedColumns}
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

/**
 * Marks the batch delivered, keeps what could not be, and opens the next one when there is one. One statement: all of it
 * happens, or nothing.
 *
 * @throws Error when the batch was not open: then somebody else sends, and the next one must not be sent.
 */
export async function finishBatch(
  client: pg.ClientBase,
  batch: Batch,
  dead: readonly DeadLetter[],
  next?: Batch,
): Promise<void> {
  const opening =
    next === undefined ? "" : "insert into relay_batch (number, after_xid, after_seq, upto_xid, upto_seq, rows) ";
  const { rowCount } = await client.query(
    `with dead as (
       insert into dead_letter (xid, seq, event_id, project_id, type, error)
       select xid::xid8, seq, event_id, project_id, type, error
       from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
         as letter (xid, seq, event_id, project_id, type, error)
       on conflict (xid, seq) do update set error = excluded.error, failed_at = excluded.failed_at
     ), done as (
       update relay_batch set delivered_at = now() where number = $1 and delivered_at is null returning number
     )
     ${opening}select ${next === undefined ? "number" : "$8::bigint, $9::xid8, $10::bigint, $11::xid8, $12::bigint, $13::integer"} from done`,
    [
      batch.number,
      dead.map(({ event }) => event.xid),
      dead.map(({ event }) => event.seq),
      dead.map(({ event }) => event.event_id),
      dead.map(({ event }) => event.project_id),
      dead.map(({ event }) => event.type),
      dead.map(({ error }) => error.slice(0, errorMax)),
      ...(next === undefined ? [] : boundsOf(next)),
    ],
  );
  if (rowCount !== 1) throw new Error(`batch ${batch.number} was not open any more`);
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

function toBatch(row: BatchRow): Batch {
  return {
    token: tokenOf(row.stream, row.number),
    number: row.number,
    after: { xid: row.after_xid, seq: row.after_seq },
    upto: { xid: row.upto_xid, seq: row.upto_seq },
    rows: row.rows,
  };
}

function tokenOf(stream: string, number: number): string {
  return `outbox-${stream}-${number}`;
}

function boundsOf({ number, after, upto, rows }: Batch): unknown[] {
  return [number, after.xid, after.seq, upto.xid, upto.seq, rows];
}
