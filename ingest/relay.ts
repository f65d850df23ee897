/**
 * Moves the outbox to ClickHouse: every committed event, none twice in the `events` view.
 *
 * Any number of relays may run; one at a time works, the one whose session holds the advisory lock. Its reading and
 * marking go through that same session: when the session dies, the lock and the right to mark are lost together. An
 * insert that a dead relay left behind is the same rows under the same token as its successor's.
 *
 * While ClickHouse takes a batch the next one is read and mapped, so that neither waits for the other. It is opened only
 * when the batch before it is marked delivered: one batch is open at a time, whatever happens. So two batches are in
 * memory at most, however many events wait.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import {
  type Batch,
  type BatchLimits,
  finishBatch,
  isDelivered,
  newestPosition,
  nextBatch,
  openBatch,
  readAfter,
  readBatch,
  readHead,
} from "./batches.ts";
import { checkColumns, deliver } from "./deliver.ts";
import { relayLock, warehouseRewriteLock } from "./locks.ts";
import { mapRows, toDeadLetter } from "./map-rows.ts";
import { eventColumns, type StoredEvent } from "./rows.ts";
import { tryLock, tryLockShared, unlockShared, withSession } from "./session.ts";

const idleMs = 200;
const standbyMs = 500;
const backOffMs = { first: 100, most: 5_000 };
/** Silence after which a relay no longer counts as ready: longer than the longest back-off. */
const readyMs = 10_000;
const batchBytes = 8 * 1024 * 1024;
/** How long batches may follow each other before who wants to rewrite stored events gets a turn. */
const chainMs = 10_000;

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

  const limits: BatchLimits = { rows: batchRows, bytes: batchBytes };

  /**
   * Batch after batch while full ones follow each other, for a while.
   * @returns "more" when it ended before what waits did.
   */
  async function chain(client: pg.ClientBase, signal: AbortSignal): Promise<"nothing" | "some" | "more"> {
    const until = Date.now() + chainMs;
    const head = await readHead(client);
    let stored = head.open ? await readBatch(client, head.open) : await readAfter(client, head.upto, limits);
    if (stored.length === 0) return "nothing";
    let batch: Batch = head.open ?? nextBatch(head, stored);
    if (head.open === undefined) await openBatch(client, batch);
    let mapped = await mapRows(stored, signal);
    for (;;) {
      const full = isFull(stored, limits);
      const goesOn = full && Date.now() < until && !signal.aborted;
      const sending = deliver(warehouse, mapped.rows, batch.token, signal);
      const [refused, ahead] = await both(sending, goesOn ? readAhead(client, batch, head.stream, signal) : undefined);
      const dead = [...mapped.dead, ...refused.map(toDeadLetter)];
      for (const { event, error } of dead) log.error({ event_id: event.event_id, error }, "event dead-lettered");
      await finishBatch(client, batch, dead, ahead?.batch);
      healthyAt = Date.now();
      if (ahead === undefined) return full && !goesOn ? "more" : "some";
      ({ stored, mapped, batch } = ahead);
    }
  }

  async function readAhead(client: pg.ClientBase, before: Batch, stream: string, signal: AbortSignal) {
    const stored = await readAfter(client, before.upto, limits);
    if (stored.length === 0) return undefined;
    return { stored, mapped: await mapRows(stored, signal), batch: nextBatch({ ...before, stream }, stored) };
  }

  /** Not while stored events are being rewritten: what is read before that must not arrive after it. */
  async function chainUnlessRewritten(client: pg.ClientBase, signal: AbortSignal) {
    if (!(await tryLockShared(client, warehouseRewriteLock))) return "nothing";
    try {
      return await chain(client, signal);
    } finally {
      // When the session is broken, the lock went with it.
      await unlockShared(client, warehouseRewriteLock).catch(() => undefined);
    }
  }

  async function lead(client: pg.ClientBase, signal: AbortSignal): Promise<void> {
    await checkColumns(warehouse, eventColumns);
    while (!signal.aborted) {
      const done = await chainUnlessRewritten(client, signal);
      healthyAt = Date.now();
      if (done !== "more") await pause(idleMs, undefined, { signal });
    }
  }

  async function leadOrStandBy(signal: AbortSignal): Promise<void> {
    await withSession(pool, async (client) => {
      while (!signal.aborted) {
        if (await tryLock(client, relayLock)) return lead(client, signal);
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
          if (await tryLock(client, relayLock)) while ((await chainUnlessRewritten(client, signal)) !== "nothing");
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

/** Only paces: after a batch that is not full it is worth waiting for more. */
function isFull(stored: readonly StoredEvent[], limits: BatchLimits): boolean {
  if (stored.length >= limits.rows) return true;
  return stored.reduce((sum, event) => sum + event.payload.length, 0) >= limits.bytes / 2;
}

/** Waits for both, also when one fails: nothing of a batch goes on when its relay has given up. */
async function both<A, B>(first: Promise<A>, second: Promise<B> | undefined): Promise<[A, B | undefined]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}
