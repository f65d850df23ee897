/** Writes down what has expired. Balances are exact without it: this brings the entries and events in time. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "pino";

const lotsAtOnce = 200;
const pauseMs = 5_000;

/** Runs until `signal` aborts; any number may run at once, in any process. */
export async function runPointsExpiry(deps: { pool: pg.Pool; log: Logger }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const accounts = await expirePoints(deps.pool);
    if (accounts > 0) deps.log.info({ accounts }, "points expired");
    else await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** One small batch. @returns how many accounts lost points; 0 when nothing is due, or others are at it. */
export async function expirePoints(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ accounts: number }>("select expire_points($1, now()) as accounts", [lotsAtOnce]);
  return rows[0]?.accounts ?? 0;
}
