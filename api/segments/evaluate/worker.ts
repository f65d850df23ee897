/** Evaluates dynamic segments, in one process at a time. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { segmentEvaluationLock } from "../../../ingest/locks.ts";
import { tryLock, withSession } from "../../../ingest/session.ts";
import { createKysely } from "../../db/kysely.ts";
import { findProjectsWithDynamicSegments } from "./definitions.ts";
import type { EvaluationDeps } from "./evaluate.ts";
import { beginRound, continueRound, evaluateTouched, type Round } from "./pass.ts";

const everyMs = 5_000;
const standbyMs = 10_000;
/** Everybody is looked at in slices of so long; between them whoever was touched, of all projects. */
const sliceMs = 5_000;

export interface SegmentWorkerDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

/** Runs until the signal. */
export async function runSegmentEvaluation(deps: SegmentWorkerDeps, signal: AbortSignal): Promise<void> {
  const inner = { db: createKysely(deps.pool), warehouse: deps.warehouse, log: deps.log };
  const rounds = new Map<string, Round>();
  while (!signal.aborted) {
    const began = Date.now();
    const worked = await withSession(deps.pool, async (client) => {
      if (!(await tryLock(client, segmentEvaluationLock))) return false;
      await evaluateAll(inner, rounds, signal);
      return true;
    });
    if (!worked) rounds.clear();
    // Half of the time at most: who was touched waits for it.
    const took = Date.now() - began;
    const rest = worked ? Math.max(rounds.size > 0 ? 0 : everyMs, took) : standbyMs;
    await pause(rest, undefined, { signal }).catch(() => undefined);
  }
}

async function evaluateAll(deps: EvaluationDeps, rounds: Map<string, Round>, signal: AbortSignal): Promise<void> {
  const projects = await findProjectsWithDynamicSegments(deps.db);
  for (const projectId of rounds.keys()) if (!projects.includes(projectId)) rounds.delete(projectId);
  for (const projectId of projects) {
    if (signal.aborted) return;
    const passed = await evaluateTouched(deps, projectId, new Date());
    if (passed.entered + passed.left > 0) deps.log.info({ project: projectId, ...passed }, "segments follow events");
  }
  const until = Date.now() + sliceMs;
  for (const projectId of projects) {
    let round = rounds.get(projectId) ?? (await beginRound(deps, projectId, new Date()));
    while (round !== undefined && !signal.aborted && Date.now() < until) {
      const step = await continueRound(deps, projectId, round, new Date());
      const { customers, entered, left } = step.round;
      if (step.isOver) deps.log.info({ project: projectId, customers, entered, left }, "segments were evaluated whole");
      round = step.isOver ? undefined : step.round;
    }
    if (round === undefined) rounds.delete(projectId);
    else rounds.set(projectId, round);
  }
}
