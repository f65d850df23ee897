/**
 * One PostgreSQL and one ClickHouse for the whole run, and a migrated database to clone from.
 *
 * TEST_DATABASE_URL and TEST_CLICKHOUSE_URL name servers to use instead of the embedded ones; only databases whose name
 * contains "test" are made and dropped there.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { createPool } from "../../api/db/kysely.ts";
import { migratePostgres } from "../../api/db/migrate.ts";
import { type EmbeddedStore, startClickHouse, startPostgres } from "../../api/supervise/stores.ts";
import { createDatabase, dropDatabase, urlOfDatabase } from "./databases.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
    postgresTemplate: string;
    clickhouseUrl: string;
  }
}

interface Shared {
  readonly context: Promise<{ postgresUrl: string; postgresTemplate: string; clickhouseUrl: string }>;
  readonly stop: () => Promise<void>;
  users: number;
}

/** Vitest runs this file once for each project, each time as a module of its own: the process is what they share. */
const process_ = globalThis as { tesseraTestStores?: Shared | undefined };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process_.tesseraTestStores ??= start();
  const shared = process_.tesseraTestStores;
  shared.users += 1;
  const context = await shared.context;
  project.provide("postgresUrl", context.postgresUrl);
  project.provide("postgresTemplate", context.postgresTemplate);
  project.provide("clickhouseUrl", context.clickhouseUrl);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    process_.tesseraTestStores = undefined;
    await shared.stop();
  };
}

function start(): Shared {
  const cleanups: (() => Promise<void>)[] = [];
  return { context: open(cleanups), stop: () => runAll(cleanups), users: 0 };
}

async function open(cleanups: (() => Promise<void>)[]) {
  try {
    const dataDir = await mkdtemp(join(tmpdir(), "tessera-test-"));
    cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
    const options = { dataDir, durable: false, timeoutMs: 60_000 };
    const keep = (store: EmbeddedStore) => {
      cleanups.push(() => store.server.stop());
      return store.url;
    };
    const [postgresUrl, clickhouseUrl] = await Promise.all([
      process.env.TEST_DATABASE_URL ?? startPostgres(options).then(keep),
      process.env.TEST_CLICKHOUSE_URL ?? startClickHouse(options).then(keep),
    ]);
    const postgresTemplate = `tessera_test_template_${randomBytes(6).toString("hex")}`;
    await createDatabase(postgresUrl, postgresTemplate);
    cleanups.push(() => dropDatabase(postgresUrl, postgresTemplate));
    const connectionString = urlOfDatabase(postgresUrl, postgresTemplate);
    const pool = createPool({ connectionString, max: 1, applicationName: "tessera-test-template" });
    await migratePostgres(pool);
    await pool.end();
    return { postgresUrl, postgresTemplate, clickhouseUrl };
  } catch (error) {
    await runAll(cleanups);
    throw error;
  }
}

/** Last made, first undone. */
async function runAll(cleanups: (() => Promise<void>)[]): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}
