/** Keeps the warehouse's wide rows of customers up to date, in one process at a time. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { customerRefreshLock, warehouseRewriteLock } from "../../ingest/locks.ts";
import { tryLock, tryLockShared, unlockShared, withSession } from "../../ingest/session.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";

const everyMs = 10_000;
/** A pass that took long is followed by a rest of four times that, so that it has a fifth of the warehouse's time at most. */
const restFactor = 4;
const rewriteWaitMs = 200;

export interface WideWorkerDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
}

/** Runs until the signal. The connection goes back after each pass: workers have few of them. */
export async function runCustomerRefresh({ pool, warehouse }: WideWorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const began = Date.now();
    await withSession(pool, async (client) => {
      if (!(await tryLock(client, customerRefreshLock))) return;
      await refreshCustomers(warehouse, { signal, guard: (batch) => unlessRewritten(client, signal, batch) });
    });
    await rest(Math.max(everyMs, restFactor * (Date.now() - began)), signal);
  }
}

/** While events are rewritten nobody computes rows from them: an erased customer's would come back. */
export async function unlessRewritten(
  client: pg.ClientBase,
  signal: AbortSignal,
  batch: () => Promise<void>,
): Promise<void> {
  while (!(await tryLockShared(client, warehouseRewriteLock))) {
    if (signal.aborted) return;
    await rest(rewriteWaitMs, signal);
  }
  try {
    await batch();
  } finally {
    await unlockShared(client, warehouseRewriteLock);
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
