import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, it } from "vitest";
import { z } from "zod";
import { createPool } from "../../api/db/kysely.ts";
import { addJob, removeJob } from "../../api/jobs/add-job.ts";
import { rescueJobs } from "../../api/jobs/rescue.ts";
import { runJobs } from "../../api/jobs/run.ts";
import { type Task, type TaskKind, taskOf } from "../../api/jobs/task.ts";
import { withSession } from "../../ingest/session.ts";
import { useStores } from "../support/stores.ts";

const stores = useStores();
const log = pino({ level: "silent" });

interface Told {
  readonly id: string;
}

function kind(attemptsMax = 5): TaskKind<Told> {
  return { name: `test-${randomUUID()}`, payload: z.object({ id: z.string() }), attemptsMax };
}

/** Runs workers while `during` does. */
async function working(tasks: readonly Task[], during: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const running = runJobs({ pool: stores.pool, log }, tasks, stop.signal);
  try {
    await during();
  } finally {
    stop.abort();
    await running;
  }
}

const waiting = async (name: string) => {
  const { rows } = await stores.pool.query("select attempts from graphile_worker.jobs where task_identifier = $1", [
    name,
  ]);
  return rows.length;
};

it("does what was put off in a transaction that was committed, and nothing of one that was not", async () => {
  const seen: string[] = [];
  const task = kind();
  await stores.db.transaction().execute((tx) => addJob(tx, task, { id: "kept" }));
  await stores.db
    .transaction()
    .execute(async (tx) => {
      await addJob(tx, task, { id: "undone" });
      throw new Error("changed my mind");
    })
    .catch(() => undefined);
  await working([taskOf(task, async ({ id }) => void seen.push(id))], async () => {
    await expect.poll(() => waiting(task.name)).toBe(0);
  });
  expect(seen).toEqual(["kept"]);
});

it("tries again what failed, tells which attempt it is, and gives up after the last", async () => {
  const task = kind(2);
  const attempts: [number, boolean][] = [];
  await addJob(stores.db, task, { id: "bad" });
  const run = async (_: Told, { number, isLast }: { number: number; isLast: boolean }) => {
    attempts.push([number, isLast]);
    throw new Error("no");
  };
  await working([taskOf(task, run)], async () => {
    await expect.poll(() => attempts.length, { timeout: 20_000 }).toBe(1);
    await stores.pool.query("select graphile_worker.reschedule_jobs(array_agg(id), now()) from graphile_worker.jobs");
    await expect.poll(() => attempts.length, { timeout: 20_000 }).toBe(2);
  });
  expect(attempts).toEqual([
    [1, false],
    [2, true],
  ]);
});

it("replaces a job that waits under the same key, and takes one back", async () => {
  const task = kind();
  const seen: string[] = [];
  const soon = new Date(Date.now() + 3_600_000);
  for (const id of ["first", "second"]) await addJob(stores.db, task, { id }, { key: `${task.name}-a`, runAt: soon });
  await addJob(stores.db, task, { id: "third" }, { key: `${task.name}-a` });
  await addJob(stores.db, task, { id: "taken back" }, { key: `${task.name}-b` });
  await removeJob(stores.db, `${task.name}-b`);
  await working([taskOf(task, async ({ id }) => void seen.push(id))], async () => {
    await expect.poll(() => waiting(task.name)).toBe(0);
  });
  expect(seen).toEqual(["third"]);
});

it("begins a job again within seconds when the process that had it is gone, and leaves those of the living", async () => {
  const task = kind();
  const began: string[] = [];
  const pool = createPool({ connectionString: stores.databaseUrl, max: 6, applicationName: "tessera-doomed" });
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const doomed = taskOf(task, async () => {
    began.push("doomed");
    await held;
    throw new Error("and nobody to tell it to");
  });
  await addJob(stores.db, task, { id: "one" });
  const stop = new AbortController();
  const dying = runJobs({ pool, log }, [doomed], stop.signal).catch((error: unknown) => error);
  await expect.poll(() => began.length).toBe(1);
  expect(await withSession(stores.pool, rescueJobs)).toBe(0);

  const connected = async () => {
    const ours = "select from pg_stat_activity where application_name = 'tessera-doomed'";
    return (await stores.pool.query(ours)).rowCount;
  };
  // A process that is gone connects no more: this one lives, and would be the first to take its own job again.
  const closed = pool.end();
  await stores.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1", [
    "tessera-doomed",
  ]);
  await expect.poll(connected).toBe(0);
  await working([taskOf(task, async () => void began.push("rescuer"))], async () => {
    await expect.poll(() => began.at(-1), { timeout: 20_000 }).toBe("rescuer");
  });
  // What became of it cannot be written down any more: that is an error of the loop, and of nothing else.
  release?.();
  expect(await dying).toBeInstanceOf(Error);
  stop.abort();
  await closed;
});

it("frees what somebody who is gone had asked for and got afterwards", async () => {
  const rescued = () => withSession(stores.pool, rescueJobs);
  await stores.pool.query("insert into job_worker (worker_id, lock_key) values ('late', 1)");
  expect(await rescued()).toBe(0);
  const task = kind();
  await addJob(stores.db, task, { id: "one" });
  await stores.pool.query(
    `update graphile_worker._private_jobs set locked_by = 'late', locked_at = now()
     where task_id = (select id from graphile_worker._private_tasks where identifier = $1)`,
    [task.name],
  );
  expect(await rescued()).toBe(1);
  const { rows } = await stores.pool.query("select locked_by from graphile_worker.jobs where task_identifier = $1", [
    task.name,
  ]);
  expect(rows).toEqual([{ locked_by: null }]);
  await stores.pool.query("update job_worker set gone_at = now() - interval '11 minutes' where worker_id = 'late'");
  await rescued();
  expect((await stores.pool.query("select from job_worker where worker_id = 'late'")).rowCount).toBe(0);
});
