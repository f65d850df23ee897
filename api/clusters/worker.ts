/** Keeps clusters of linked accounts up to date, in one process at a time. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { clusterRefreshLock, warehouseRewriteLock } from "../../ingest/locks.ts";
import { tryLock, tryLockShared, unlockShared, withSession } from "../../ingest/session.ts";
import { refreshClusters } from "./refresh.ts";

const everyMs = 15_000;
/** A pass that took long is followed by a rest of four times that, so that it has a fifth of the warehouse's time at most. */
const restFactor = 4;
const rewriteWaitMs = 200;

export interface ClusterWorkerDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

/** Runs until the signal. The connection goes back after each pass: workers have few of them. */
export async function runClusterRefresh(deps: ClusterWorkerDeps, signal: AbortSignal): Promise<void> {
  const { pool, warehouse, log } = deps;
  while (!signal.aborted) {
    const began = Date.now();
    await withSession(pool, async (client) => {
      if (!(await tryLock(client, clusterRefreshLock))) return;
      const guard = (work: () => Promise<void>) => unlessRewritten(client, signal, work);
      const { tooLarge } = await refreshClusters(warehouse, { signal, guard });
      if (tooLarge.length > 0) log.warn({ projects: tooLarge }, "too many linked accounts: their clusters stand still");
    });
    await rest(Math.max(everyMs, restFactor * (Date.now() - began)), signal);
  }
}

/** While events are rewritten nobody computes from them: an erased customer would come back. */
async function unlessRewritten(client: pg.ClientBase, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!(await tryLockShared(client, warehouseRewriteLock))) {
    if (signal.aborted) return;
    await rest(rewriteWaitMs, signal);
  }
  try {
    await work();
  } finally {
    await unlockShared(client, warehouseRewriteLock);
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
