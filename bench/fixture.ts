/** A product of its own for a benchmark: durable embedded stores in a temporary folder, a project, an API process. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { createKysely, createPool } from "../api/db/kysely.ts";
import { migratePostgres } from "../api/db/migrate.ts";
import { createProject } from "../api/projects/create-project.ts";
import { freePort } from "../api/supervise/server.ts";
import { startStores } from "../api/supervise/stores.ts";

export interface Fixture {
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  /** Not migrated: the API answers without. */
  readonly clickhouseUrl: string;
  readonly projectId: string;
  readonly key: string;
  /** The API process, e.g. "http://127.0.0.1:4711". */
  readonly url: string;
  readonly apiPid: number;
  stop(): Promise<void>;
}

const root = new URL("..", import.meta.url).pathname;

/**
 * @param connections of the pool that the benchmark itself uses.
 * @param program what serves the API, with its arguments.
 */
export async function startFixture(
  connections: number,
  program: readonly string[] = ["api/main.ts", "--role", "api"],
): Promise<Fixture> {
  const dataDir = await mkdtemp(join(tmpdir(), "tessera-bench-"));
  const stores = await startStores({ dataDir, durable: true, timeoutMs: 60_000 });
  const pool = createPool({
    connectionString: stores.postgres.url,
    max: connections,
    applicationName: "tessera-bench",
    answersRequests: true,
  });
  await migratePostgres(pool);
  const project = await createKysely(pool)
    .transaction()
    .execute((tx) => createProject(tx, { name: "bench" }));
  if (!project) throw new Error("the new database already had a project");
  const port = await freePort();
  const api = spawn(process.execPath, ["--import", "tsx", ...program], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      PORT: String(port),
      TESSERA_DATA_DIR: dataDir,
      DATABASE_URL: stores.postgres.url,
      CLICKHOUSE_URL: stores.clickhouse.url,
      TESSERA_DASHBOARDS: "off",
      LOG_LEVEL: "warn",
    },
  });
  const ended = new Promise<void>((resolve) => api.once("exit", () => resolve()));
  const stop = async () => {
    api.kill("SIGTERM");
    await ended;
    await pool.end();
    await Promise.all([stores.postgres.server.stop(), stores.clickhouse.server.stop()]);
    await rm(dataDir, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilAnswering(`${url}/openapi.json`, 60_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const urls = { databaseUrl: stores.postgres.url, clickhouseUrl: stores.clickhouse.url };
  return { pool, ...urls, projectId: project.id, key: project.key.text, url, apiPid: api.pid ?? 0, stop };
}

async function waitUntilAnswering(url: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error(`${url} did not answer within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
