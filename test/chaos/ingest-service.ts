/**
 * Both stores, two relay processes and an API process, made to be killed with SIGKILL: each comes back at the same
 * address with the same data.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { embeddedPostgres } from "../../api/db/embedded.ts";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import { migratePostgres } from "../../api/db/migrate.ts";
import { createProject } from "../../api/projects/create-project.ts";
import { freePort, type RunningServer, type ServerSpec, startServer } from "../../api/supervise/server.ts";
import { createWarehouse, databaseOf } from "../../warehouse/client.ts";
import { embeddedClickHouse } from "../../warehouse/embedded.ts";
import { migrateWarehouse } from "../../warehouse/migrate.ts";
import { startApiProcess } from "../support/api-process.ts";
import type { Random } from "../support/mixture/random.ts";

export interface IngestService {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly projectId: string;
  readonly key: string;
  readonly apiUrl: string;
  /** Each returns when what was killed works again; a relay, when it was started again. */
  readonly kill: Readonly<Record<Target, (random: Random) => Promise<void>>>;
  stop(): Promise<void>;
}

export const targets = ["relay", "clickhouse", "backend", "postmaster"] as const;
export type Target = (typeof targets)[number];

const root = new URL("../..", import.meta.url).pathname;
const startMs = 120_000;
const relaysCount = 2;

interface Store {
  readonly spec: ServerSpec;
  readonly files: { readonly pidFile: string; readonly logFile: string; readonly timeoutMs: number };
  /** Of the process to kill, not of its guardian. */
  readonly pid: () => number;
  server: RunningServer;
}

export async function startIngestService(): Promise<IngestService> {
  const dataDir = await mkdtemp(join(tmpdir(), "tessera-chaos-"));
  // PostgreSQL runs as another user when we are root, who must pass through.
  if (process.getuid?.() === 0) await import("node:fs/promises").then(({ chmod }) => chmod(dataDir, 0o711));
  for (const folder of ["run", "logs"]) await mkdir(join(dataDir, folder), { mode: 0o700 });
  const filesOf = (name: string) => ({
    pidFile: join(dataDir, "run", `${name}.json`),
    logFile: join(dataDir, "logs", `${name}.log`),
    timeoutMs: startMs,
  });
  const postgresDir = join(dataDir, "postgres");
  const postgresSpec = await embeddedPostgres({ dir: postgresDir, port: await freePort(), durable: true });
  const clickhouseSpec = await embeddedClickHouse(join(dataDir, "clickhouse"), await freePort());
  const [postgresFiles, clickhouseFiles] = [filesOf("postgres"), filesOf("clickhouse")];
  const postgres: Store = {
    spec: postgresSpec,
    files: postgresFiles,
    pid: () => Number(readFileSync(join(postgresDir, "cluster", "postmaster.pid"), "utf8").split("\n")[0]),
    server: await startServer(postgresSpec, postgresFiles),
  };
  const clickhouse: Store = {
    spec: clickhouseSpec,
    files: clickhouseFiles,
    // The guardian's mark comes first.
    pid: () => JSON.parse(readFileSync(clickhouseFiles.pidFile, "utf8"))[1].pid,
    server: await startServer(clickhouseSpec, clickhouseFiles),
  };
  await postgresSpec.createDatabase();

  const pool = createPool({ connectionString: postgresSpec.url, max: 8, applicationName: "tessera-chaos" });
  await migratePostgres(pool);
  const administration = createWarehouse({ url: clickhouseSpec.url, database: "default", requestTimeoutMs: 300_000 });
  await migrateWarehouse(administration, databaseOf(clickhouseSpec.url));
  await administration.close();
  const warehouse = createWarehouse({ url: clickhouseSpec.url, database: databaseOf(clickhouseSpec.url) });
  const project = await createKysely(pool)
    .transaction()
    .execute((tx) => createProject(tx, { name: "chaos" }));
  if (!project) throw new Error("the new database already had a project");
  const urls = { databaseUrl: postgresSpec.url, clickhouseUrl: clickhouseSpec.url };
  const api = await startApiProcess(urls);
  const relays = Array.from({ length: relaysCount }, () => startRelay(urls));

  return {
    pool,
    warehouse,
    projectId: project.id,
    key: project.key.text,
    apiUrl: api.url,
    kill: {
      relay: async (random) => {
        const index = random.below(relays.length);
        await end(relays[index], "SIGKILL");
        relays[index] = startRelay(urls);
      },
      clickhouse: () => killStore(clickhouse),
      postmaster: () => killStore(postgres),
      backend: async (random) => {
        const { rows } = await pool.query<{ pid: number }>(
          `select pid from pg_stat_activity where application_name in ('tessera-relay', 'tessera-api') and pid <> pg_backend_pid()
           order by state = 'active' desc, md5(pid::text || $1::text) limit 1`,
          [random.below(1_000)],
        );
        if (rows[0] === undefined) throw new Error("no back-end works for a relay or the API");
        process.kill(rows[0].pid, "SIGKILL");
        await untilAnswering(postgresSpec);
      },
    },
    stop: async () => {
      await Promise.all([...relays.map((relay) => end(relay, "SIGTERM")), api.end("SIGTERM")]);
      await Promise.all([pool.end(), warehouse.close()]);
      await Promise.all([postgres.server.stop(), clickhouse.server.stop()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function startRelay(urls: { databaseUrl: string; clickhouseUrl: string }): ChildProcess {
  const relay = spawn(process.execPath, ["--import", "tsx", "ingest/main.ts"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: urls.databaseUrl,
      CLICKHOUSE_URL: urls.clickhouseUrl,
      LOG_LEVEL: "fatal",
    },
  });
  // Whatever ends us must not leave it behind.
  const killIt = () => relay.kill("SIGKILL");
  process.once("exit", killIt);
  relay.once("exit", () => process.removeListener("exit", killIt));
  return relay;
}

async function end(relay: ChildProcess | undefined, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (relay === undefined || relay.exitCode !== null || relay.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => relay.once("exit", () => resolve()));
  relay.kill(signal);
  await ended;
}

async function killStore(store: Store): Promise<void> {
  process.kill(store.pid(), "SIGKILL");
  await store.server.gone;
  const deadline = Date.now() + startMs;
  for (;;) {
    try {
      store.server = await startServer(store.spec, store.files);
      return;
    } catch (error) {
      // Back-ends of a killed postmaster hold its memory until they notice.
      if (Date.now() > deadline) throw error;
      await delay(200);
    }
  }
}

async function untilAnswering(spec: ServerSpec): Promise<void> {
  const deadline = Date.now() + startMs;
  // The kill is noticed a moment later: until then the old sessions still answer.
  for (let answered = 0; answered < 3; ) {
    await delay(50);
    answered = (await spec.ready()) ? answered + 1 : 0;
    if (Date.now() > deadline) throw new Error(`${spec.name} did not recover in time`);
  }
}
