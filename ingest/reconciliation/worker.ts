/**
 * Compares both stores continuously, in one process at a time.
 *
 * Everything is compared once a day and after a start. In between, each minute, the days that something was announced
 * of since the last comparison, today and yesterday, and where drift stands: that finds what was lost on its way at
 * once, at the price of those days' rows. After each comparison the worker rests nine times as long as it took, so that
 * it takes a tenth of the stores' time, but no longer than a quarter of an hour: else a long comparison would look as if
 * there were none any more.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { type Drift, dailyChecks, NotComparable, positionChecks, type Scope } from "../../warehouse/reconcile.ts";
import { toDays } from "../../warehouse/reconcile-days.ts";
import { reconciliationLock } from "../locks.ts";
import { tryLock, withSession } from "../session.ts";
import { compareStores } from "./compare.ts";
import {
  driftsKeptMax,
  findLastRun,
  findStandingDrift,
  findTouchedDays,
  forgetOldRuns,
  storeFailure,
  storeRun,
} from "./store.ts";

const everyMs = 60_000;
const restFactor = 9;
/** With the comparison itself well below the time after which the next one is overdue. */
const restMostMs = 15 * 60_000;
const standbyMs = 15_000;
const fullEveryMs = 24 * 60 * 60_000;
/** A start within it of the last full comparison is not reason enough for another. */
const fullAfterStartMs = 60 * 60_000;
const dayMs = 86_400_000;

export interface ReconciliationDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

/** Runs, or stands by for the process that does, until the signal. */
export async function runReconciliation(deps: ReconciliationDeps, signal: AbortSignal): Promise<void> {
  await withSession(deps.pool, async (client) => {
    // An import leaves millions of events to look through for their days; a pool's sessions give that seconds.
    await client.query("set statement_timeout = '5min'");
    while (!signal.aborted && !(await tryLock(client, reconciliationLock))) await rest(standbyMs, signal);
    let fullDueMs = fullAfterStartMs;
    while (!signal.aborted) {
      const began = Date.now();
      const kind = await kindNow(client, new Date(began), fullDueMs);
      const compared = await reconcileOnce(deps, client, kind);
      if (compared && kind === "full") fullDueMs = fullEveryMs;
      await forgetOldRuns(client);
      await rest(restAfter(Date.now() - began), signal);
    }
  });
}

export function restAfter(tookMs: number): number {
  return Math.min(restMostMs, Math.max(everyMs, restFactor * tookMs));
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}

async function kindNow(client: pg.ClientBase, now: Date, fullDueMs: number): Promise<"full" | "window"> {
  const last = await findLastRun(client, "full");
  return last !== undefined && now.getTime() - last.endedAt.getTime() < fullDueMs ? "window" : "full";
}

/**
 * One comparison, whose outcome is stored. What differs is looked at again, and only what differs both times counts.
 *
 * @returns false when the stores could not be compared now.
 */
export async function reconcileOnce(
  { warehouse, log }: Omit<ReconciliationDeps, "pool">,
  client: pg.ClientBase,
  wanted: "full" | "window",
  waitMs?: number,
): Promise<boolean> {
  const startedAt = new Date();
  const window = wanted === "window" ? await windowScope(client, startedAt) : undefined;
  const scope: Scope = window ?? {};
  const kind = window === undefined ? "full" : "window";
  const comparison = { warehouse, ...(waitMs === undefined ? {} : { waitMs }) };
  try {
    const first = await compareStores(client, { ...comparison, scope });
    let confirmed: readonly Drift[] = [];
    if (first.drifts.length > 0) {
      const again = { ...scope, checks: new Set(first.drifts.map((drift) => drift.check)) };
      const second = await compareStores(client, { ...comparison, scope: again });
      const seen = new Set(first.drifts.map(groupOf));
      confirmed = second.drifts.filter((drift) => seen.has(groupOf(drift)));
    }
    await storeRun(client, { kind, startedAt, days: scope.days }, first, confirmed);
    return true;
  } catch (error) {
    const known = error instanceof NotComparable;
    log.warn({ err: error, kind }, "the stores could not be compared");
    const detail = known ? error.message : "a store did not answer; the log says more";
    await storeFailure(client, { kind, startedAt }, detail);
    return false;
  }
}

function groupOf(drift: Drift): string {
  return JSON.stringify([drift.check, drift.projectId, drift.key, drift.day]);
}

/** What the next comparison between two full ones looks at. Undefined when only everything will do. */
async function windowScope(client: pg.ClientBase, now: Date): Promise<Scope | undefined> {
  const last = await findLastRun(client);
  const touched = last && (await findTouchedDays(client, last.horizon));
  if (touched === undefined) return undefined;
  const standing = await findStandingDrift(client);
  // Nobody knows where the rest stands that there was no room for.
  if (standing.length >= driftsKeptMax) return undefined;
  const day = (back: number) => new Date(now.getTime() - back * dayMs).toISOString().slice(0, 10);
  const driftDays = standing.map((drift) => drift.day).filter((text) => text !== "");
  // Drift of the outbox's rows lies behind what came since: then all that the outbox holds of those days is compared.
  const behind = standing.some((drift) => positionChecks.includes(drift.check_name));
  return {
    days: toDays([...touched, ...driftDays, day(0), day(1)]),
    checks: new Set([...dailyChecks, ...standing.map((drift) => drift.check_name)]),
    since: behind ? undefined : last?.horizon,
  };
}
