/** Forgets what became of old events, and disables receivers for whom more waits than is kept. */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../db/tables.ts";
import type { Kept } from "../deliveries/forget.ts";
import { disable } from "./settle.ts";

/** As long as the events themselves are in the outbox; failures are kept for who looks into them, as the operator says. */
const deliveredDays = 7;
const waitingMax = 200_000;
const everyMs = 60_000;
const chunkRows = 5_000;

export async function runEventSweep(
  deps: { readonly db: Kysely<DB>; readonly log: Logger },
  { eventDeliveriesDays }: Kept,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const now = new Date();
    const deleted = await sweepDeliveries(deps.db, now, eventDeliveriesDays);
    if (deleted > 0) deps.log.info({ deleted }, "forgot deliveries of events");
    const full = await disableOverfull(deps.db, now);
    if (full > 0) deps.log.warn({ subscriptions: full }, "too many events wait for a receiver: disabled");
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns how many rows. */
export async function sweepDeliveries(db: Kysely<DB>, now: Date, othersDays: number): Promise<number> {
  const before = (days: number) => new Date(now.getTime() - days * 86_400_000);
  let deleted = 0;
  for (;;) {
    const chunk = await sql`
      delete from event_delivery where ctid in (
        select d.ctid from event_delivery d
        where d.updated_at < ${before(Math.min(deliveredDays, othersDays))} and d.status <> 'sending'
          -- One that waits for its next attempt is not over, however long the pause.
          and (d.status = 'delivered'
            or d.updated_at < ${before(othersDays)} and (d.status <> 'waiting' or d.next_attempt_at < ${before(othersDays)})
            or not exists (
            select from event_subscription s where s.project_id = d.project_id and s.id = d.subscription_id))
        order by d.updated_at limit ${chunkRows} for update skip locked)`.execute(db);
    deleted += Number(chunk.numAffectedRows ?? 0);
    if (Number(chunk.numAffectedRows ?? 0) < chunkRows) break;
  }
  await sql`delete from event_replay where updated_at < ${before(othersDays)}`.execute(db);
  await sql`
    update event_subscription set secret_before = null, secret_before_until = null
    where secret_before_until < ${now}`.execute(db);
  return deleted;
}

/** @returns how many subscriptions. */
export async function disableOverfull(db: Kysely<DB>, now: Date, most = waitingMax): Promise<number> {
  const { rows } = await sql<{ project_id: string; id: string }>`
    select s.project_id, s.id from event_subscription s
    where s.status = 'active' and (
      select count(*) from (
        select from event_delivery d
        where d.project_id = s.project_id and d.subscription_id = s.id and d.status = 'waiting' limit ${most + 1}
      ) w
    ) > ${most}
    order by 1, 2`.execute(db);
  for (const row of rows) {
    await db.transaction().execute((tx) => disable(tx, row.project_id, row.id, "backlog", now));
  }
  return rows.length;
}
