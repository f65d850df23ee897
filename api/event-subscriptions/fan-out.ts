/**
 * Follows the outbox, and writes one row of `event_delivery` for each event and each subscription that asks for it, in
 * the transaction that moves its cursor: exactly once. It is a statement of Postgres from end to end, as most projects
 * have no subscription and their events are not worth parsing.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Logger } from "pino";
import type { Position } from "../../ingest/batches.ts";
import { makeCursor, mayWork, moveCursor, readCursor, readRows } from "../../ingest/consumer-cursor.ts";
import type { DB } from "../db/tables.ts";
import { hiddenTypes } from "./types.ts";

export interface FanOutDeps {
  readonly db: Kysely<DB>;
  readonly log: Logger;
}

const name = "event_subscriptions";
const batch = { rows: 1_000, bytes: 8 * 1024 * 1024 };
const idleMs = 250;
const backOffMs = { first: 100, most: 5_000 };

/** Runs until the signal, or stands by for another process that does. Never throws: it tries again. */
export async function runFanOut(deps: FanOutDeps, signal: AbortSignal): Promise<void> {
  let waitMs = backOffMs.first;
  while (!signal.aborted) {
    try {
      const rows = await fanOut(deps.db);
      waitMs = backOffMs.first;
      if (rows < batch.rows) await pause(idleMs, undefined, { signal }).catch(() => undefined);
    } catch (error) {
      if (signal.aborted) return;
      deps.log.warn({ err: error, consumer: name, retry_ms: waitMs }, "consumer interrupted");
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, backOffMs.most);
    }
  }
}

/** One batch. @returns how many rows of the outbox it went over; 0 too while another process is at it. */
export async function fanOut(db: Kysely<DB>): Promise<number> {
  await makeCursor(db, name);
  return db.transaction().execute(async (tx) => {
    if (!(await mayWork(tx, name))) return 0;
    const cursor = await readCursor(tx, name);
    const last = (await readRows(tx, cursor, [], batch)).at(-1);
    if (last === undefined) return 0;
    await writeDeliveries(tx, cursor, last);
    await moveCursor(tx, name, cursor, last);
    return last.place;
  });
}

async function writeDeliveries(tx: Transaction<DB>, after: Position, upto: Position): Promise<void> {
  await sql`
    insert into event_delivery
      (project_id, subscription_id, event_id, xid, seq, type, occurred_at, status, next_attempt_at, created_at, updated_at)
    select o.project_id, s.id, o.event_id, o.xid, o.seq, o.type, o.occurred_at, 'waiting', now(), now(), now()
    from outbox o
    join event_subscription s on s.project_id = o.project_id and s.status = 'active' and s.created_at <= o.recorded_at
    where (o.xid, o.seq) > (${after.xid}::xid8, ${after.seq}::bigint)
      and (o.xid, o.seq) <= (${upto.xid}::xid8, ${upto.seq}::bigint)
      and ${isAskedFor}
    on conflict do nothing`.execute(tx);
}

/** Whether the subscription `s` asks for the event `o` of the outbox. */
export const isAskedFor = sql<boolean>`(
  (s.types && array['*', o.type, split_part(o.type, '.', 1) || '.*'])
  and (s.with_risk or o.type !~ ${sql.lit(hiddenTypes)})
  and (s.campaign_ids is null or s.campaign_ids && array(
    select named #>> '{}' from unnest(array[
      '$.campaign_id', '$.campaign.id', '$.codes[*].campaign_id', '$.codes[*].main_campaign_id', '$.offers[*].campaign_id'
    ]::jsonpath[]) path, jsonb_path_query(o.payload, path) named
  ))
)`;
