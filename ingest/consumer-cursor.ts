/** A consumer's side of Postgres: which rows of the outbox come next, and how far it has come. */
import { type Kysely, sql, type Transaction } from "kysely";
import type pg from "pg";
import type { DB } from "../api/db/tables.ts";
import { errorMax, type Position } from "./batches.ts";
import { consumerLocks, warehouseRewriteLock } from "./locks.ts";

export interface OutboxRow extends Position {
  readonly event_id: string;
  readonly project_id: string;
  readonly type: string;
  readonly version: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  /** JSON text. */
  readonly payload: string;
  /** Of one of the types asked for. The last row of a batch is told in any case: the cursor moves there. */
  readonly wanted: boolean;
  /** In the batch, from 1, counting rows of every type. */
  readonly place: number;
}

export async function makeCursor(db: Kysely<DB>, name: string): Promise<void> {
  await sql`insert into event_consumer (name) values (${name}) on conflict (name) do nothing`.execute(db);
}

/**
 * Locks that end with the transaction and take no transaction id: as long as none is taken, nobody waits for it.
 *
 * @returns false while another process works, or stored events are being rewritten: what is derived from a row must not
 * be kept after a person was taken out of it.
 */
export async function mayWork(tx: Transaction<DB>, name: string): Promise<boolean> {
  const { rows } = await sql<{ mine: boolean }>`
    select pg_try_advisory_xact_lock(${consumerLocks}::int, hashtext(${name})) as mine`.execute(tx);
  if (rows[0]?.mine !== true) return false;
  const shared = await sql<{ mine: boolean }>`
    select pg_try_advisory_xact_lock_shared(${warehouseRewriteLock}::bigint) as mine`.execute(tx);
  return shared.rows[0]?.mine === true;
}

/** @throws Error when the cursor lies beyond every transaction of this server: it came here by a logical dump. */
export async function readCursor(db: Kysely<DB>, name: string): Promise<Position> {
  const { rows } = await sql<Position & { ahead: boolean }>`
    select xid::text, seq, xid >= pg_snapshot_xmax(pg_current_snapshot()) as ahead
    from event_consumer where name = ${name}`.execute(db);
  const cursor = rows[0];
  if (cursor === undefined) throw new Error(`the cursor of the consumer ${name} is gone`);
  if (cursor.ahead) {
    throw new Error(`the cursor of the consumer ${name} is ahead of this server; see docs/operations.md`);
  }
  return { xid: cursor.xid, seq: cursor.seq };
}

/** The next rows below the horizon (`migrations/003_outbox.sql` says why), in order. Payloads of the wanted types only. */
export async function readRows(
  tx: Transaction<DB>,
  after: Position,
  types: readonly string[],
  limit: { readonly rows: number; readonly bytes: number },
): Promise<OutboxRow[]> {
  const wanted = sql`${[...types]}::text[]`;
  const { rows } = await sql<OutboxRow>`
    with waiting as (
      select o.*, row_number() over positions as place,
             sum(case when type = any(${wanted}) then pg_column_size(payload) else 0 end) over positions as bytes
      from outbox o
      where (o.xid, o.seq) > (${after.xid}::xid8, ${after.seq}::bigint)
        and o.xid < pg_snapshot_xmin(pg_current_snapshot())
      window positions as (order by o.xid, o.seq)
      order by o.xid, o.seq
      limit ${limit.rows}
    ), batch as (
      select * from waiting where place = 1 or bytes <= ${limit.bytes}
    )
    select b.xid::text, b.seq, event_id, project_id, type, version, place, type = any(${wanted}) as wanted,
           case when type = any(${wanted}) then payload::text else '' end as payload,
           to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
           to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as recorded_at
    from batch b
    where type = any(${wanted}) or place = (select max(place) from batch)
    order by b.xid, b.seq`.execute(tx);
  return rows;
}

/** @throws Error when somebody else has moved it. */
export async function moveCursor(tx: Transaction<DB>, name: string, from: Position, to: Position): Promise<void> {
  const { numAffectedRows } = await sql`
    update event_consumer set xid = ${to.xid}::xid8, seq = ${to.seq}, moved_at = now()
    where name = ${name} and xid = ${from.xid}::xid8 and seq = ${from.seq}`.execute(tx);
  if (numAffectedRows !== 1n) throw new Error(`the cursor of the consumer ${name} was moved by somebody else`);
}

export async function noteFailure(tx: Transaction<DB>, name: string, row: OutboxRow, error: unknown): Promise<void> {
  const said = error instanceof Error ? error.message : String(error);
  await sql`
    insert into event_consumer_failure (name, xid, seq, event_id, project_id, type, error)
    values (${name}, ${row.xid}::xid8, ${row.seq}, ${row.event_id}, ${row.project_id}, ${row.type},
            ${said.slice(0, errorMax)})
    on conflict (name, xid, seq) do update set error = excluded.error, failed_at = now()`.execute(tx);
}

/** A consumer with events that wait for so long stands, and the outbox grows: rows that it has not seen are kept. */
export const standsFromSeconds = 30 * 86_400;

export interface ConsumerState {
  readonly name: string;
  /** Committed events that it has not gone over, of any type; counted up to 100,000. */
  readonly rows: number;
  /** Age of the oldest of them; 0 when there is none. */
  readonly seconds: number;
  /** Events that it has put aside. */
  readonly failures: number;
}

export async function readConsumers(pool: pg.Pool): Promise<ConsumerState[]> {
  const { rows } = await pool.query<ConsumerState>(`
    select c.name, lag.rows, lag.seconds,
           (select count(*)::int from event_consumer_failure f where f.name = c.name) as failures
    from event_consumer c, lateral (
      select count(*)::int as rows,
             coalesce(greatest(extract(epoch from clock_timestamp() - min(w.recorded_at)), 0), 0)::float8 as seconds
      from (
        select o.recorded_at from outbox o where (o.xid, o.seq) > (c.xid, c.seq) order by o.xid, o.seq limit 100000
      ) w
    ) lag
    order by c.name`);
  return rows;
}

/** Age in seconds of the oldest event that it has not gone over; 0 when there is none. */
export async function readConsumerLag(pool: pg.Pool, name: string): Promise<number> {
  const { rows } = await pool.query<{ seconds: number }>(
    `select greatest(extract(epoch from clock_timestamp() - o.recorded_at), 0)::float8 as seconds
     from outbox o
     where (o.xid, o.seq) > (select c.xid, c.seq from event_consumer c where c.name = $1)
     order by o.xid, o.seq limit 1`,
    [name],
  );
  return rows[0]?.seconds ?? 0;
}
