/**
 * Sends what is due, many at once, in any number of processes. What is to be sent and when stands in `event_delivery`
 * (docs/decisions/0024 says why it is no job each); a process that dies leaves leases that run out, and the receivers
 * get those events again under the same id.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../db/tables.ts";
import { type AttemptDeps, type Attempted, attempt } from "./attempt.ts";
import { bodyOf, type StoredEvent } from "./body.ts";
import { type Claimed, claimDue, freeAbandoned } from "./claim.ts";
import { settle } from "./settle.ts";

export interface SenderDeps extends AttemptDeps {
  readonly db: Kysely<DB>;
  readonly log: Logger;
}

const atOnce = 64;
const idleMs = 500;
/** What ends within it is settled together. */
const gatherMs = 10;
const abandonedEveryMs = 5_000;
const failureMs = 1_000;

/** Runs until the signal; what is on its way then is broken off, and sent again by the next process. */
export async function runEventSending(deps: SenderDeps, signal: AbortSignal): Promise<void> {
  const ended: Attempted[] = [];
  const running = new Set<Promise<void>>();
  let wake: () => void = () => undefined;
  const start = (claimed: Claimed, body: string | undefined) => {
    const one = attempt(deps, claimed, body, new Date(), signal)
      .then((attempted) => void ended.push(attempted))
      // Its lease runs out.
      .catch((error: unknown) => deps.log.error({ err: error, subscription: claimed.subscription_id }, "not sent"))
      .finally(() => {
        running.delete(one);
        wake();
      });
    running.add(one);
  };
  let freedAt = 0;
  while (!signal.aborted) {
    try {
      await settle(deps.db, ended.splice(0));
      if (performance.now() - freedAt > abandonedEveryMs || freedAt === 0) {
        await freeAbandoned(deps.db, new Date());
        freedAt = performance.now();
      }
      const claimed = running.size < atOnce ? await claimDue(deps.db, atOnce - running.size, new Date()) : [];
      const bodies = await readBodies(deps.db, claimed);
      for (const one of claimed) start(one, bodies.get(one));
    } catch (error) {
      deps.log.warn({ err: error }, "events could not be sent for a moment");
      await pause(failureMs, undefined, { signal }).catch(() => undefined);
    }
    const rest = new AbortController();
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = pause(idleMs, undefined, { signal: AbortSignal.any([signal, rest.signal]) }).catch(() => undefined);
    if (ended.length === 0) await Promise.race([woken, timer]);
    rest.abort();
    if (ended.length > 0) await pause(gatherMs, undefined, { signal }).catch(() => undefined);
  }
  await Promise.allSettled(running);
  await settle(deps.db, ended.splice(0)).catch((error: unknown) => deps.log.warn({ err: error }, "not settled"));
}

/** By what was claimed; nothing for an event that the outbox has no more, or that nobody can read. */
export async function readBodies(db: Kysely<DB>, claimed: readonly Claimed[]): Promise<Map<Claimed, string>> {
  if (claimed.length === 0) return new Map();
  const { rows } = await sql<StoredEvent & { project_id: string }>`
    select o.project_id, o.event_id, o.type, o.version, o.occurred_at, o.payload
    from (
      select distinct xid::xid8 as xid, seq
      from unnest(${claimed.map(({ xid }) => xid)}::text[], ${claimed.map(({ seq }) => seq)}::bigint[]) at (xid, seq)
    ) wanted
    join outbox o on o.xid = wanted.xid and o.seq = wanted.seq`.execute(db);
  const found = new Map(rows.map((row) => [`${row.project_id}/${row.event_id}`, row]));
  return new Map(
    claimed.flatMap((one): [Claimed, string][] => {
      const stored = found.get(`${one.project_id}/${one.event_id}`);
      const body = stored === undefined ? undefined : bodyOf(stored, one.with_risk);
      return body === undefined ? [] : [[one, body]];
    }),
  );
}
