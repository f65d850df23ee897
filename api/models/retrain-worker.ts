/**
 * Trains models anew when a project has enough that is new, in a process of its own: the API never waits for it, and
 * its memory is bounded. One at a time, whichever process of the workers holds the lock; what it finds is stored and,
 * where it is better, promoted by that process itself (`models/retrain-main.ts`).
 */
import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { z } from "zod";
import { retrainLock } from "../../ingest/locks.ts";
import { tryLock, withSession } from "../../ingest/session.ts";
import { modelNames } from "../../models/registry/manifest.ts";
import { recordTraining } from "../../models/training/record.ts";

export interface RetrainDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
  /** Absent: off. */
  readonly retrain?: RetrainOptions | undefined;
}

export interface RetrainOptions {
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  /** Least time between two trainings of a project. */
  readonly hours: number;
}

const lookEveryMs = 10 * 60_000;
/** Redemptions from which on it is worth looking; the training itself says what else it takes. */
const redemptionsMin = 300;
/** As a share of what the last training saw. */
const growthMin = 0.05;
const childMost = { minutes: 60, memoryMb: 1_536 } as const;

export async function runRetraining(deps: RetrainDeps, signal: AbortSignal): Promise<void> {
  const { pool, retrain } = deps;
  if (retrain === undefined) {
    await delay(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
    return;
  }
  while (!signal.aborted) {
    // Not right after a start, when everything else wants the machine.
    await rest(lookEveryMs, signal);
    if (signal.aborted) return;
    await withSession(pool, async (client) => {
      if (!(await tryLock(client, retrainLock))) return;
      for (const projectId of await findDueProjects(deps, retrain.hours)) {
        if (signal.aborted) return;
        await retrainProject(deps, retrain, projectId, signal);
        // Fails when the session has died, and with it the lock.
        await client.query("select 1");
      }
    });
  }
}

const countRow = z.object({ project_id: z.string(), redemptions: z.coerce.number() });

/** Those whose last training is old enough and that have seen enough new since; most new first. */
export async function findDueProjects(deps: Pick<RetrainDeps, "pool" | "warehouse">, hours: number): Promise<string[]> {
  const result = await deps.warehouse.query({
    query: `
      SELECT project_id, count() AS redemptions FROM events
      WHERE type = 'redemption.succeeded' GROUP BY project_id HAVING redemptions >= {least:UInt32}
      ORDER BY redemptions DESC LIMIT 10000`,
    query_params: { least: redemptionsMin },
    format: "JSONEachRow",
  });
  const counts = z.array(countRow).parse(await result.json());
  // A project that the warehouse alone knows, as after an older backup, is none: nothing could be stored for it, and as the
  // busiest it would keep all others from their training.
  const { rows } = await deps.pool.query<{ id: string; rows_count: number | null; recent: boolean | null }>(
    `select p.id, max(t.rows_count) as rows_count, max(t.trained_at) > now() - make_interval(hours => $2) as recent
     from project p left join model_training t on t.project_id = p.id where p.id = any($1) group by p.id`,
    [counts.map(({ project_id }) => project_id), hours],
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  return counts
    .filter(({ project_id, redemptions }) => {
      const last = known.get(project_id);
      return last !== undefined && last.recent !== true && redemptions >= (last.rows_count ?? 0) * (1 + growthMin);
    })
    .map(({ project_id }) => project_id);
}

/** Never rejects for what a training does: a failure is stored, and an alert tells of it. */
export async function retrainProject(
  { pool, log }: Pick<RetrainDeps, "pool" | "log">,
  retrain: RetrainOptions,
  projectId: string,
  signal: AbortSignal,
): Promise<void> {
  log.info({ project: projectId }, "training begins");
  const { rows: began } = await pool.query<{ at: string }>("select now()::text as at");
  const { code, said } = await runChild(retrain, projectId, signal);
  if (signal.aborted) return;
  if (code === 0) {
    log.info({ project: projectId }, "training is done");
    return;
  }
  log.error({ project: projectId, code, said }, "training failed");
  // What was done before the process ended has been stored by it, and stays.
  const { rows: done } = await pool.query<{ name: string }>(
    "select name from model_training where project_id = $1 and trained_at >= $2::timestamptz",
    [projectId, began[0]?.at],
  );
  for (const name of modelNames.filter((each) => !done.some((row) => row.name === each))) {
    const detail = `ended with ${code ?? "a signal"}: ${said}`.slice(0, 1_000);
    await recordTraining(pool, { projectId, name, outcome: "failed", version: null, detail, redemptions: null });
  }
}

/** @returns the exit code, null when it was killed, and the end of what it said on standard error. */
async function runChild(
  { databaseUrl, clickhouseUrl }: RetrainOptions,
  projectId: string,
  signal: AbortSignal,
): Promise<{ code: number | null; said: string }> {
  const main = fileURLToPath(new URL("../../models/retrain-main.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${childMost.memoryMb}`, "--import", "tsx", main, projectId],
    {
      env: { ...process.env, DATABASE_URL: databaseUrl, CLICKHOUSE_URL: clickhouseUrl },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: childMost.minutes * 60_000,
      killSignal: "SIGKILL",
    },
  );
  if (child.pid !== undefined) lower(child.pid);
  const stop = () => void child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-500);
  });
  try {
    return await new Promise((resolve) => {
      child.once("error", (error) => resolve({ code: null, said: error.message }));
      child.once("close", (code) => resolve({ code, said: said.trim() }));
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Requests go first. */
function lower(pid: number): void {
  try {
    setPriority(pid, 10);
  } catch {
    // It has ended already, which its code tells, or the system does not let us.
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
