/** `npm run backup -- <folder>`: both stores of the data directory, while the product runs on it or not. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Config, ConfigError, parseConfig } from "../config.ts";
import { runningInstance } from "../instance.ts";
import { complain, say } from "../supervise/banner.ts";
import { explain } from "../supervise/command.ts";
import { lockDataDir } from "../supervise/lock.ts";
import { refuseNewerData, thisRelease } from "../supervise/release.ts";
import { startStores } from "../supervise/stores.ts";
import { refuseUnfinished } from "../supervise/unfinished.ts";
import { backUp } from "./backup.ts";
import { BackupRefused } from "./manifest.ts";

async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [given] = positionals;
  if (given === undefined || positionals.length > 1) throw new ConfigError("usage: npm run backup -- <folder>");
  const config = parseConfig(process.env);
  refuseExternalStores(config);
  const folder = resolve(given);
  const began = Date.now();
  const running = runningInstance(config.dataDir);
  const manifest = running
    ? await backUp({ ...running, dataDir: config.dataDir, folder, say })
    : await backUpStopped(config.dataDir, folder);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  say(`Backed up ${config.dataDir} as of ${manifest.finished_at} to ${folder} in ${seconds} s.`);
}

function refuseExternalStores(config: Config): void {
  const named = [
    ...(config.databaseUrl === undefined ? [] : ["DATABASE_URL"]),
    ...(config.clickhouseUrl === undefined ? [] : ["CLICKHOUSE_URL"]),
  ];
  if (named.length === 0) return;
  throw new BackupRefused(
    `${named.join(" and ")} is set: this command backs up the embedded stores only. Use the tools of your servers, ` +
      "ClickHouse first; docs/operations.md says how.",
  );
}

async function backUpStopped(dataDir: string, folder: string) {
  if (!existsSync(join(dataDir, "postgres", "cluster"))) {
    throw new BackupRefused(`There is nothing in ${dataDir} to back up (TESSERA_DATA_DIR names it).`);
  }
  const lock = lockDataDir(dataDir);
  try {
    refuseUnfinished(dataDir);
    await refuseNewerData(dataDir, await thisRelease());
    const stores = await startStores({ dataDir, durable: true, timeoutMs: 60_000 });
    try {
      const urls = { databaseUrl: stores.postgres.url, clickhouseUrl: stores.clickhouse.url };
      return await backUp({ ...urls, dataDir, folder, say });
    } finally {
      await Promise.all([stores.postgres.server.stop(), stores.clickhouse.server.stop()]);
    }
  } finally {
    lock.release();
  }
}

try {
  await main();
} catch (error) {
  complain(explain(error));
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
