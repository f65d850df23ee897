import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";

const everyMs = 60_000;

/**
 * Announces the low stock of pools whose takers could not see it: those who took the last codes at the same moment each
 * counted the others' as left. Runs until `signal` aborts; any number may run at once.
 */
export async function watchPools({ pool }: { readonly pool: pg.Pool }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await announceLowPools(pool);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

export async function announceLowPools(pool: pg.Pool): Promise<void> {
  await pool.query(
    `select announce_low_stock(project_id, id, now()) from pool
     where low_stock is not null and low_stock_at is null and codes_count > 0`,
  );
}
