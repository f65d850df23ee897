/** Looks again at redemptions that something later made suspect: one process at a time, so much a pass. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import type pg from "pg";
import type { Logger } from "pino";
import { readConsumerLag } from "../../../ingest/consumer-cursor.ts";
import { readLag } from "../../../ingest/lag.ts";
import { rescoreLock } from "../../../ingest/locks.ts";
import { tryLock, withSession } from "../../../ingest/session.ts";
import type { Models } from "../../../models/serving.ts";
import type { DB } from "../../db/tables.ts";
import { signalsConsumer } from "../../signals/follow.ts";
import { currentConfig } from "../config.ts";
import { findCandidates } from "./candidates.ts";
import { rescore } from "./rescore.ts";

export interface RescoreDeps {
  readonly pool: pg.Pool;
  readonly db: Kysely<DB>;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
  /** Absent: rules score alone. */
  readonly models?: Pick<Models, "scoreRisk"> | undefined;
}

const everyMs = 5_000;
/** A pass that took long is followed by a rest of four times that: it has a fifth of the warehouse's time at most. */
const restFactor = 4;
/** The warehouse and the online store must have heard of what was marked. */
const settleSeconds = 3;
const marksMax = 500;
const projectsMax = 20;
const togetherMs = 10 * 60_000;

/** Runs until the signal. */
export async function runRescoring(deps: RescoreDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const began = Date.now();
    await withSession(deps.pool, async (client) => {
      if (await tryLock(client, rescoreLock)) await rescorePass(deps, signal);
    });
    await pause(Math.max(everyMs, restFactor * (Date.now() - began)), undefined, { signal }).catch(() => undefined);
  }
}

/**
 * The oldest marks of each project. A mark goes when what it asks for is done: a pass that ends half-way is done again,
 * and announces nothing twice. What fails of one project waits behind all others'.
 *
 * @param settled how old a mark must be, beside what the warehouse and the online store lack.
 * @returns how many redemptions have become suspect.
 * @throws Error the first failure, when all projects have had their turn.
 */
export async function rescorePass(deps: RescoreDeps, signal?: AbortSignal, settled = settleSeconds): Promise<number> {
  const { pool, log } = deps;
  const lags = [(await readLag(pool)).seconds, await readConsumerLag(pool, signalsConsumer)];
  const old = settled + Math.max(...lags);
  const { rows: projects } = await pool.query<{ project_id: string }>(
    `select project_id from risk_rescore where since <= now() - make_interval(secs => $1)
     group by project_id order by min(since), project_id limit $2`,
    [old, projectsMax],
  );
  let found = 0;
  const failures: unknown[] = [];
  for (const { project_id: projectId } of projects) {
    if (signal?.aborted === true) break;
    try {
      const suspects = await rescoreProject(deps, projectId, old);
      if (suspects > 0) log.info({ project_id: projectId, suspects }, "redemptions became suspect later");
      found += suspects;
    } catch (error) {
      failures.push(error);
      await pool.query("update risk_rescore set since = now() where project_id = $1", [projectId]);
    }
  }
  if (failures.length > 0) throw failures[0];
  return found;
}

async function rescoreProject(deps: RescoreDeps, projectId: string, old: number): Promise<number> {
  const { pool, warehouse, db } = deps;
  const { rows: marks } = await pool.query<Mark>(
    `select subject_id as subject, (extract(epoch from at) * 1000)::float8 as at from risk_rescore
     where project_id = $1 and since <= now() - make_interval(secs => $2)
     order by since, subject_id limit $3`,
    [projectId, old, marksMax],
  );
  const config = await currentConfig(pool, projectId);
  let suspects = 0;
  for (const together of simultaneous(marks)) {
    const subjects = together.map((mark) => mark.subject);
    // A clock that runs ahead says nothing of what is to come.
    const asOf = Math.min(Date.now(), Math.max(...together.map(({ at }) => at)));
    const candidates = await findCandidates(warehouse, projectId, subjects, asOf);
    suspects += await rescore({ db, models: deps.models }, projectId, candidates, config, asOf);
    await pool.query("delete from risk_rescore where project_id = $1 and subject_id = any($2)", [projectId, subjects]);
  }
  return suspects;
}

interface Mark {
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Marks of the same ten minutes: a backlog is not scored as if all of it had happened in the hour before its end. */
export function simultaneous(marks: readonly Mark[]): Mark[][] {
  const groups: Mark[][] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const mark of marks.toSorted((a, b) => a.at - b.at)) {
    if (mark.at > until) {
      groups.push([]);
      until = mark.at + togetherMs;
    }
    groups.at(-1)?.push(mark);
  }
  return groups;
}
