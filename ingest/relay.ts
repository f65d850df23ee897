/**
 * Moves the outbox to ClickHouse: every committed event, none twice in the `events` view.
 *
 * Any number of relays may run; one at a time works, the one whose session holds the advisory lock. Its reading and
 * marking go through that same session: when the session dies, the lock and the right to mark are lost together. An
 * insert that a dead relay left behind is the same rows under the same token as its successor's.
 */
import { setTimeout as pause, setImmediate as yieldToOthers } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { type DeadLetter, finishBatch, isDelivered, newestPosition, openBatch, readBatch } from "./batches.ts";
import { checkColumns, deliver } from "./deliver.ts";
import { type EventRow, eventColumns, type StoredEvent, toRow } from "./rows.ts";

/** Any number that is the same in every relay. */
const lockKey = 7_407_331_022;
const idleMs = 200;
const standbyMs = 500;
const backOffMs = { first: 100, most: 5_000 };
/** Silence after which a relay no longer counts as ready: longer than the longest back-off. */
const readyMs = 10_000;
const batchBytes = 8 * 1024 * 1024;
/** Rows mapped before others in the process get their turn: some ten milliseconds. */
const mapSlice = 250;

export interface RelayOptions {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
  /** Rows of a batch at most. */
  readonly batchRows?: number;
}

export interface Relay {
  /** Delivers, or stands by for another relay that does, until the signal. Never throws: it tries again. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Returns when everything committed before the call is delivered, by this relay or another.
   * @throws Error with the last failure as its cause after `timeoutMs` (30,000 unless told).
   */
  drain(timeoutMs?: number): Promise<void>;
  /** True while `run` delivers, or stands by for another relay that holds the lock. */
  ready(): boolean;
}

export function createRelay({ pool, warehouse, log, batchRows = 5_000 }: RelayOptions): Relay {
  let healthyAt = Number.NEGATIVE_INFINITY;

  /** One batch. True when it was as large as a batch may be, so that more is likely waiting. */
  async function step(client: pg.ClientBase, signal: AbortSignal): Promise<"nothing" | "some" | "full"> {
    const batch = await openBatch(client, { rows: batchRows, bytes: batchBytes });
    if (batch === undefined) return "nothing";
    const { rows, dead } = await mapRows(await readBatch(client, batch), signal);
    for (const { row, error } of await deliver(warehouse, rows, batch.token, signal)) {
      dead.push({ event: { ...row, xid: row.outbox_xid, seq: row.outbox_seq }, error });
    }
    for (const { event, error } of dead) log.error({ event_id: event.event_id, error }, "event dead-lettered");
    await finishBatch(client, batch, dead);
    return rows.length + dead.length >= batchRows ? "full" : "some";
  }

  async function lead(client: pg.ClientBase, signal: AbortSignal): Promise<void> {
    await checkColumns(warehouse, eventColumns);
    while (!signal.aborted) {
      const done = await step(client, signal);
      healthyAt = Date.now();
      if (done !== "full") await pause(idleMs, undefined, { signal });
    }
  }

  async function leadOrStandBy(signal: AbortSignal): Promise<void> {
    await withSession(pool, async (client) => {
      while (!signal.aborted) {
        if (await tryLock(client)) return lead(client, signal);
        healthyAt = Date.now();
        await pause(standbyMs, undefined, { signal });
      }
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    let waitMs = backOffMs.first;
    while (!signal.aborted) {
      const startedAt = Date.now();
      try {
        await leadOrStandBy(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (healthyAt >= startedAt) waitMs = backOffMs.first;
        log.warn({ err: error, retry_ms: waitMs }, "relay interrupted");
        await pause(waitMs, undefined, { signal }).catch(() => undefined);
        waitMs = Math.min(waitMs * 2, backOffMs.most);
      }
    }
  }

  async function drain(timeoutMs = 30_000): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    let failure: unknown;
    const target = await newestPosition(pool);
    while (target !== undefined && !signal.aborted) {
      try {
        if (await isDelivered(pool, target)) return;
        await withSession(pool, async (client) => {
          if (await tryLock(client)) while ((await step(client, signal)) !== "nothing");
        });
        if (await isDelivered(pool, target)) return;
      } catch (error) {
        failure = error;
      }
      // Another relay is at it, a transaction still holds the horizon back, or a store is away.
      await pause(20);
    }
    if (target !== undefined) throw new Error(`outbox not drained in ${timeoutMs} ms`, { cause: failure });
  }

  return { run, drain, ready: () => Date.now() - healthyAt < readyMs };
}

/** Lends a connection and closes it afterwards: with the session ends whatever lock it holds. */
async function withSession(pool: pg.Pool, work: (client: pg.ClientBase) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  // A connection that dies while no query runs tells only its listeners; the next query then fails.
  client.on("error", () => undefined);
  try {
    await work(client);
  } finally {
    client.release(true);
  }
}

async function tryLock(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [lockKey]);
  return rows[0]?.locked ?? false;
}

async function mapRows(
  stored: readonly StoredEvent[],
  signal: AbortSignal,
): Promise<{ rows: EventRow[]; dead: DeadLetter[] }> {
  const rows: EventRow[] = [];
  const dead: DeadLetter[] = [];
  for (let at = 0; at < stored.length; at += mapSlice) {
    for (const event of stored.slice(at, at + mapSlice)) {
      const mapped = toRow(event);
      if ("row" in mapped) rows.push(mapped.row);
      else dead.push({ event, error: mapped.error });
    }
    await yieldToOthers(undefined, { signal });
  }
  return { rows, dead };
}
