/** Evaluates dynamic segments, in one process at a time. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { segmentEvaluationLock } from "../../../ingest/locks.ts";
import { tryLock, withSession } from "../../../ingest/session.ts";
import { createKysely } from "../../db/kysely.ts";
import { Turns } from "./turns.ts";

const everyMs = 5_000;
const standbyMs = 10_000;

export interface SegmentWorkerDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

/** Runs until the signal. */
export async function runSegmentEvaluation(deps: SegmentWorkerDeps, signal: AbortSignal): Promise<void> {
  const turns = new Turns({ db: createKysely(deps.pool), warehouse: deps.warehouse, log: deps.log });
  while (!signal.aborted) {
    const began = Date.now();
    const worked = await withSession(deps.pool, async (client) => {
      if (!(await tryLock(client, segmentEvaluationLock))) return false;
      await turns.take(signal);
      return true;
    });
    if (!worked) turns.forget();
    // Half of the time at most: who was touched waits for it.
    const took = Date.now() - began;
    const rest = worked ? Math.max(turns.areUnderWay ? 0 : everyMs, took) : standbyMs;
    await pause(rest, undefined, { signal }).catch(() => undefined);
  }
}
