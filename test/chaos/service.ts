/** Two API processes over durable stores of their own, made to be killed: each comes back at the same address. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import { migratePostgres } from "../../api/db/migrate.ts";
import { createProject } from "../../api/projects/create-project.ts";
import { freePort } from "../../api/supervise/server.ts";
import { startStores } from "../../api/supervise/stores.ts";
import { type ApiProcess, startApiProcess } from "../support/api-process.ts";
import type { Random } from "../support/mixture/random.ts";

export interface Service {
  readonly pool: pg.Pool;
  readonly projectId: string;
  readonly key: string;
  readonly urls: readonly string[];
  /** `kill -9` of one API process; returns when it answers again. */
  killApi(index: number): Promise<void>;
  /** `kill -9` of a back-end that works for an API process: Postgres drops every session and recovers from its log. */
  killBackend(random: Random): Promise<void>;
  stop(): Promise<void>;
}

const processesCount = 2;
const recoveryMs = 60_000;

export async function startService(): Promise<Service> {
  const dataDir = await mkdtemp(join(tmpdir(), "tessera-chaos-"));
  const stores = await startStores({ dataDir, durable: true, timeoutMs: 60_000 });
  const pool = createPool({ connectionString: stores.postgres.url, max: 4, applicationName: "tessera-chaos" });
  await migratePostgres(pool);
  const project = await createKysely(pool)
    .transaction()
    .execute((tx) => createProject(tx, { name: "chaos" }));
  if (!project) throw new Error("the new database already had a project");
  const ports = await Promise.all(Array.from({ length: processesCount }, () => freePort()));
  const start = (port: number) =>
    startApiProcess({ databaseUrl: stores.postgres.url, clickhouseUrl: stores.clickhouse.url, port });
  const processes: (ApiProcess | undefined)[] = await Promise.all(ports.map(start));
  return {
    pool,
    projectId: project.id,
    key: project.key.text,
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    killApi: async (index) => {
      await processes[index]?.end("SIGKILL");
      processes[index] = undefined;
      processes[index] = await start(ports[index] ?? 0);
    },
    killBackend: async (random) => {
      process.kill(await busyBackend(pool, random), "SIGKILL");
      await untilRecovered(pool);
    },
    stop: async () => {
      await Promise.all(processes.map((process) => process?.end("SIGTERM")));
      await pool.end();
      await Promise.all([stores.postgres.server.stop(), stores.clickhouse.server.stop()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** One that is in the middle of something, if any is. While both processes start there is none: then we wait for one. */
async function busyBackend(pool: pg.Pool, random: Random): Promise<number> {
  const deadline = Date.now() + recoveryMs;
  for (;;) {
    const { rows } = await pool.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'tessera-api'
       order by state = 'active' desc, md5(pid::text || $1::text) limit 1`,
      [random.below(1_000)],
    );
    if (rows[0] !== undefined) return rows[0].pid;
    if (Date.now() > deadline) throw new Error("no back-end works for an API process");
    await delay(50);
  }
}

async function untilRecovered(pool: pg.Pool): Promise<void> {
  const deadline = Date.now() + recoveryMs;
  // The kill is noticed a moment later: until then the old sessions still answer.
  for (let answered = 0; answered < 3; ) {
    await delay(50);
    const works = await pool.query("select 1").then(
      () => true,
      () => false,
    );
    answered = works ? answered + 1 : 0;
    if (Date.now() > deadline) throw new Error("PostgreSQL did not recover within a minute");
  }
}
