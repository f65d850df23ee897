/**
 * A reader of the outbox inside Postgres: what it does with events and the cursor that says so are one transaction, so
 * that each event takes effect exactly once, in the order (xid, seq) in which the relay reads them too.
 *
 * Any number of processes may run the same consumer; one at a time works. A new one begins at the oldest row that the
 * outbox still has, and `pruneOutbox` forgets nothing that a consumer has not seen.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql, type Transaction } from "kysely";
import pg from "pg";
import type { Logger } from "pino";
import type { DB } from "../api/db/tables.ts";
import type { Position } from "./batches.ts";
import {
  makeCursor,
  mayWork,
  moveCursor,
  noteFailure,
  type OutboxRow,
  readCursor,
  readRows,
} from "./consumer-cursor.ts";
import { type EventType, type Payload, payloads } from "./events/events.ts";
import { upcast } from "./events/upcast.ts";

const idleMs = 250;
const standbyMs = 1_000;
const backOffMs = { first: 100, most: 5_000 };
const batchBytes = 8 * 1024 * 1024;
/** An event that fails alone this often is put aside: it must not hold up everybody's others for ever. */
const triesMax = 5;

/** An event as it was stored, its payload by the contract of today. */
export type ConsumedEvent<T extends EventType = EventType> = {
  [K in T]: {
    readonly event_id: string;
    readonly project_id: string;
    /** Of the transaction that announced it. */
    readonly xid: string;
    readonly type: K;
    /** RFC 3339 UTC, to the millisecond. */
    readonly occurred_at: string;
    readonly recorded_at: string;
    readonly payload: Payload<K>;
  };
}[T];

export interface ConsumerOptions<T extends EventType = EventType> {
  readonly db: Kysely<DB>;
  readonly log: Logger;
  /** Names the cursor: under another name it begins anew. */
  readonly name: string;
  readonly types: readonly T[];
  /**
   * Inside the transaction that moves the cursor: if it throws, nothing has happened, and the same events come again,
   * fewer at once. Read first and write last: a transaction that has written holds back every reader of the outbox.
   */
  readonly handle: (tx: Transaction<DB>, events: readonly ConsumedEvent<T>[]) => Promise<void>;
  /**
   * Rows of the outbox a batch at most, of any type; 500 unless told: they are parsed at one go, in a process that may
   * answer requests too, and 2,000 make those wait for a tenth of a second and more.
   */
  readonly batchRows?: number;
}

/** Handles what comes until the signal, or stands by for another process that does. Never throws: it tries again. */
export async function runConsumer<T extends EventType>(
  options: ConsumerOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const turns = new Turns(options);
  let waitMs = backOffMs.first;
  while (!signal.aborted) {
    try {
      const done = await turns.take();
      waitMs = backOffMs.first;
      if (done === "more") continue;
      await pause(done === "busy" ? standbyMs : idleMs, undefined, { signal }).catch(() => undefined);
    } catch (error) {
      if (signal.aborted) return;
      options.log.warn({ err: error, consumer: options.name, retry_ms: waitMs }, "consumer interrupted");
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, backOffMs.most);
    }
  }
}

/**
 * Returns when everything committed before the call is handled, by this process or another.
 * @throws Error with the last failure as its cause after `timeoutMs`.
 */
export async function drainConsumer<T extends EventType>(
  options: ConsumerOptions<T>,
  timeoutMs = 30_000,
): Promise<void> {
  const turns = new Turns(options);
  const until = Date.now() + timeoutMs;
  const newest = await sql<Position>`
    select xid::text, seq from outbox order by outbox.xid desc, outbox.seq desc limit 1`.execute(options.db);
  const target = newest.rows[0];
  let failure: unknown;
  while (target !== undefined) {
    try {
      while ((await turns.take()) === "more");
      if (isBehind(target, await readCursor(options.db, options.name))) return;
    } catch (error) {
      failure = error;
    }
    if (Date.now() >= until) throw new Error(`${options.name} not drained in ${timeoutMs} ms`, { cause: failure });
    // Another process is at it, or a transaction still holds the horizon back.
    await pause(20);
  }
}

function isBehind(position: Position, cursor: Position): boolean {
  const [at, reached] = [BigInt(position.xid), BigInt(cursor.xid)];
  return at < reached || (at === reached && position.seq <= cursor.seq);
}

/** One turn after another. Remembers what failed, so that a bad event is found among many. */
class Turns<T extends EventType> {
  readonly #options: ConsumerOptions<T>;
  readonly #rowsMax: number;
  #rows: number;
  #made = false;
  /** Of the event that fails alone. */
  #failures: { readonly event: string; readonly tries: number; readonly error: unknown } | undefined;

  constructor(options: ConsumerOptions<T>) {
    this.#options = options;
    this.#rowsMax = options.batchRows ?? 500;
    this.#rows = this.#rowsMax;
  }

  /** @returns "busy" when another process is at it, or stored events are being rewritten. */
  async take(): Promise<"nothing" | "some" | "more" | "busy"> {
    const { db, name } = this.#options;
    if (!this.#made) await makeCursor(db, name);
    this.#made = true;
    let wanted: readonly OutboxRow[] = [];
    try {
      const done = await db.transaction().execute(async (tx) => {
        if (!(await mayWork(tx, name))) return "busy";
        const cursor = await readCursor(tx, name);
        const limit = { rows: this.#rows, bytes: batchBytes };
        const rows = await readRows(tx, cursor, this.#options.types, limit);
        const last = rows.at(-1);
        if (last === undefined) return "nothing";
        wanted = rows.filter((row) => row.wanted);
        await this.#handle(tx, wanted);
        await moveCursor(tx, name, cursor, last);
        return last.place >= this.#rows ? "more" : "some";
      });
      if (done === "more" || done === "some") {
        this.#failures = undefined;
        this.#rows = Math.min(this.#rowsMax, this.#rows * 4);
      }
      return done;
    } catch (error) {
      if (wanted.length > 0 && (await this.#reachable())) this.#narrow(wanted, error);
      throw error;
    }
  }

  async #handle(tx: Transaction<DB>, wanted: readonly OutboxRow[]): Promise<void> {
    const [first] = wanted;
    if (first === undefined) return;
    const { name, log, handle } = this.#options;
    const failed = this.#failures;
    if (wanted.length === 1 && failed?.event === first.event_id && failed.tries >= triesMax) {
      log.error({ event_id: first.event_id, consumer: name, err: failed.error }, "event put aside");
      return noteFailure(tx, name, first, failed.error);
    }
    const events = wanted.flatMap((row) => this.#parse(row));
    if (events.length > 0) await handle(tx, events);
  }

  /** A store that is away is nobody's fault, and neither is a wait that took too long: those only make batches smaller. */
  #narrow(wanted: readonly OutboxRow[], error: unknown): void {
    const [first] = wanted;
    this.#rows = Math.max(1, Math.floor(this.#rows / 8));
    if (wanted.length > 1 || first === undefined || isPassing(error)) return;
    const tries = this.#failures?.event === first.event_id ? this.#failures.tries : 0;
    this.#failures = { event: first.event_id, tries: tries + 1, error };
  }

  async #reachable(): Promise<boolean> {
    return sql`select 1`.execute(this.#options.db).then(
      () => true,
      () => false,
    );
  }

  /** What no contract of today reads is the relay's to put aside. */
  #parse({ seq: _, version, payload, wanted: __, place: ___, ...row }: OutboxRow): ConsumedEvent<T>[] {
    const type = row.type as T;
    const current = upcast(type, version, JSON.parse(payload));
    const parsed = "error" in current ? undefined : payloads[type].safeParse(current.content);
    if (parsed?.success === true) return [{ ...row, type, payload: parsed.data } as unknown as ConsumedEvent<T>];
    this.#options.log.error({ event_id: row.event_id, consumer: this.#options.name }, "event not read");
    return [];
  }
}

/** Connection, rollback, resources, locks, timeouts, system: classes of SQLSTATE that say nothing about an event. */
const passing = new Set(["08", "40", "53", "55", "57", "58"]);

function isPassing(error: unknown): boolean {
  return error instanceof pg.DatabaseError && passing.has(error.code?.slice(0, 2) ?? "");
}
