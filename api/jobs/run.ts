/** Works at jobs, in any number of processes: each job is one worker's at a time, and is tried again when it fails. */
import { EventEmitter } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Logger, run, type TaskList, type WorkerEvents } from "graphile-worker";
import type pg from "pg";
import type { Logger as Log } from "pino";
import { withSession } from "../../ingest/session.ts";
import { rescueJobs, takePresence } from "./rescue.ts";
import type { Task } from "./task.ts";

export interface JobDeps {
  readonly pool: pg.Pool;
  readonly log: Log;
}

/** Jobs at once, of one process. */
const concurrency = 4;
/** For jobs whose time comes; others are told of at once. */
const pollMs = 1_000;
const rescueEveryMs = 5_000;

/** Runs until the signal, and lets the jobs it is at come to their end. @throws when Postgres takes its connection away. */
export async function runJobs({ pool, log }: JobDeps, tasks: readonly Task[], signal: AbortSignal): Promise<void> {
  await withSession(pool, async (client) => {
    const presence = await takePresence(client, pool);
    const broken = new AbortController();
    client.once("error", () => broken.abort());
    const events: WorkerEvents = new EventEmitter();
    events.on("pool:create", ({ workerPool }) => {
      presence.announce(workerPool.id).catch(() => broken.abort());
    });
    const runner = await run({
      pgPool: pool,
      taskList: listOf(tasks),
      concurrency,
      pollInterval: pollMs,
      noHandleSignals: true,
      // What a job came to is written down by a batch, of one mostly: its failure ends the runner in order. A single
      // write that fails is a rejection that nobody hears, and would end the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      logger: new Logger(({ jobId, taskIdentifier }) => (level, message, meta) => {
        if (level === "error" || level === "warning") {
          const err = meta?.error ?? meta?.reason;
          log.warn({ job: jobId, task: taskIdentifier, ...(err === undefined ? {} : { err }) }, message);
        }
      }),
      events,
    });
    const ended = AbortSignal.any([signal, broken.signal]);
    runner.promise.then(
      () => broken.abort(),
      () => broken.abort(),
    );
    try {
      while (!ended.aborted) {
        const rescued = await rescueJobs(client);
        if (rescued > 0) log.info({ workers: rescued }, "jobs of processes that are gone begin again");
        await pause(rescueEveryMs, undefined, { signal: ended }).catch(() => undefined);
      }
    } finally {
      await runner.stop().catch((error: unknown) => log.warn({ err: error }, "the job queue did not stop in order"));
    }
    if (!signal.aborted) throw new Error("the connection of the job queue broke");
  });
}

function listOf(tasks: readonly Task[]): TaskList {
  return Object.fromEntries(
    tasks.map((task) => [
      task.name,
      async (payload, { job, abortSignal }) => {
        const attempt = { number: job.attempts, isLast: job.attempts >= job.max_attempts };
        await task.run(payload as object, { ...attempt, signal: abortSignal ?? new AbortController().signal });
      },
    ]),
  );
}
