/** Keeps predictions of customers no older than a day, in one process at a time. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { predictionLock } from "../../ingest/locks.ts";
import { tryLock, withSession } from "../../ingest/session.ts";
import { findDueProjects } from "../../models/lifetime/due.ts";
import { predictProject } from "../../models/lifetime/predict-project.ts";
import { unlessRewritten } from "./wide-worker.ts";

const everyMs = 5 * 60_000;
/** Wide rows, from which it is told what is due, are made in the first seconds of a new product. */
const firstAfterMs = 60_000;

export interface PredictionWorkerDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

/** Runs until the signal. */
export async function runPredictions(deps: PredictionWorkerDeps, signal: AbortSignal): Promise<void> {
  await rest(firstAfterMs, signal);
  while (!signal.aborted) {
    await predictDue(deps, signal);
    await rest(everyMs, signal);
  }
}

/** One pass over the projects that are due; nothing when another process is at it. */
export async function predictDue(deps: PredictionWorkerDeps, signal: AbortSignal): Promise<void> {
  const { pool, warehouse, log } = deps;
  await withSession(pool, async (client) => {
    if (!(await tryLock(client, predictionLock))) return;
    for (const project of await findDueProjects(warehouse)) {
      if (signal.aborted) return;
      const began = Date.now();
      const outcome = await predictProject(warehouse, project, {
        signal,
        // A customer who is erased meanwhile must not come back with a batch that was read before.
        guard: (batch) => unlessRewritten(client, signal, batch),
      });
      const { projectId, customers, orders } = project;
      log.info({ project: projectId, outcome, customers, orders, ms: Date.now() - began }, "predicted customers");
    }
  });
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
