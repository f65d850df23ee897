/** Both embedded stores below one directory, or either of them: started side by side, stopped together. */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { embeddedClickHouse } from "../../warehouse/embedded.ts";
import { embeddedPostgres } from "../db/embedded.ts";
import { commandLine, markOf, waitUntilGone } from "./processes.ts";
import { freePort, type RunningServer, startServer, waitForFormerServer } from "./server.ts";

export interface StoresOptions {
  readonly dataDir: string;
  /** False only for tests. */
  readonly durable: boolean;
  readonly timeoutMs: number;
}

export interface EmbeddedStore {
  readonly url: string;
  readonly server: RunningServer;
}

/** How long a store of a crashed instance may take to shut down before we give up. */
const formerServerMs = 30_000;

export async function startPostgres(options: StoresOptions): Promise<EmbeddedStore> {
  const dir = join(options.dataDir, "postgres");
  const files = filesOf(options.dataDir, "postgres");
  await waitForFormerServer(files.pidFile, formerServerMs);
  await clearFormerPostmaster(join(dir, "cluster", "postmaster.pid"));
  const spec = await embeddedPostgres({ dir, port: await freePort(), durable: options.durable });
  const server = await startServer(spec, { ...files, timeoutMs: options.timeoutMs });
  try {
    await spec.createDatabase();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: spec.url, server };
}

export interface EmbeddedWarehouse extends EmbeddedStore {
  /** For the gate of the analysts and nobody else. */
  readonly analystsPassword: string;
}

export async function startClickHouse(options: StoresOptions): Promise<EmbeddedWarehouse> {
  const files = filesOf(options.dataDir, "clickhouse");
  await waitForFormerServer(files.pidFile, formerServerMs);
  const spec = await embeddedClickHouse(join(options.dataDir, "clickhouse"), await freePort());
  const server = await startServer(spec, { ...files, timeoutMs: options.timeoutMs });
  return { url: spec.url, server, analystsPassword: spec.analystsPassword };
}

/** Starts both side by side. When one fails the other is stopped, and the failure thrown. */
export async function startStores(
  options: StoresOptions,
): Promise<{ postgres: EmbeddedStore; clickhouse: EmbeddedStore }> {
  const [postgres, clickhouse] = await Promise.allSettled([startPostgres(options), startClickHouse(options)]);
  if (postgres.status === "fulfilled" && clickhouse.status === "fulfilled") {
    return { postgres: postgres.value, clickhouse: clickhouse.value };
  }
  const started = [postgres, clickhouse].filter((result) => result.status === "fulfilled");
  await Promise.all(started.map((result) => result.value.server.stop()));
  const failed = [postgres, clickhouse].find((result) => result.status === "rejected");
  throw failed?.reason;
}

/** As root the PostgreSQL user must pass through the data directory, which is ours; a strict umask would bar it. */
export function makeDataDir(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true });
  if (process.getuid?.() === 0) chmodSync(dataDir, (statSync(dataDir).mode & 0o777) | 0o001);
}

function filesOf(dataDir: string, name: string): { pidFile: string; logFile: string } {
  makeDataDir(dataDir);
  for (const folder of ["run", "logs"]) mkdirSync(join(dataDir, folder), { recursive: true, mode: 0o700 });
  return { pidFile: join(dataDir, "run", `${name}.json`), logFile: join(dataDir, "logs", `${name}.log`) };
}

/**
 * After a crash of the machine the pid in PostgreSQL's own lock file may belong to any other process, and the server
 * would refuse to start. We hold the lock of the data directory, so a pid that is no PostgreSQL is a leftover.
 */
async function clearFormerPostmaster(lockFile: string): Promise<void> {
  const pid = firstNumber(lockFile);
  if (pid === undefined) return;
  const command = commandLine(pid);
  if (command?.includes("postgres")) {
    if (await waitUntilGone([markOf(pid)], formerServerMs)) return;
    throw new Error(`a PostgreSQL (pid ${pid}) still uses this data directory and does not end`);
  }
  if (process.platform === "linux") rmSync(lockFile, { force: true });
}

function firstNumber(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}
