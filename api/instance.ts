/** What a running product tells the commands beside it: where its stores are. Readable by its owner only. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Config, ConfigError } from "./config.ts";
import { isRunning, type ProcessMark } from "./supervise/processes.ts";

const instanceDocument = z.object({
  process: z.object({ pid: z.int().positive(), startTicks: z.number().optional() }),
  database_url: z.string(),
  clickhouse_url: z.string(),
  api_url: z.string(),
  analysts_url: z.string().optional(),
});

export interface StoreUrls {
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  /** Where the API answers; undefined when only the environment was asked. */
  readonly apiUrl?: string;
  /** Where analysts reach the embedded ClickHouse of the running instance; undefined where it is not embedded. */
  readonly analystsUrl?: string;
}

/**
 * The stores a command works on: those of the environment, else those of the instance that runs on the data directory.
 * @throws ConfigError when there are neither.
 */
export function resolveStores(config: Pick<Config, "databaseUrl" | "clickhouseUrl" | "dataDir">): StoreUrls {
  const running = runningInstance(config.dataDir);
  const databaseUrl = config.databaseUrl ?? running?.databaseUrl;
  const clickhouseUrl = config.clickhouseUrl ?? running?.clickhouseUrl;
  if (databaseUrl === undefined || clickhouseUrl === undefined) {
    const missing = [databaseUrl ?? "DATABASE_URL", clickhouseUrl ?? "CLICKHOUSE_URL"].filter(
      (text) => !text.includes(":"),
    );
    throw new ConfigError(
      `Nothing runs on ${config.dataDir}: start the product first (npm start), or set ${missing.join(" and ")}.`,
    );
  }
  return {
    databaseUrl,
    clickhouseUrl,
    ...(running?.apiUrl === undefined ? {} : { apiUrl: running.apiUrl }),
    ...(running?.analystsUrl === undefined ? {} : { analystsUrl: running.analystsUrl }),
  };
}

export function recordInstance(dataDir: string, holder: ProcessMark, urls: StoreUrls & { apiUrl: string }): void {
  const document = {
    process: holder,
    database_url: urls.databaseUrl,
    clickhouse_url: urls.clickhouseUrl,
    api_url: urls.apiUrl,
    analysts_url: urls.analystsUrl,
  };
  writeFileSync(fileIn(dataDir), `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
}

export function forgetInstance(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** The instance that runs on the data directory. Undefined: none, or one that was killed and left its file behind. */
export function runningInstance(dataDir: string): StoreUrls | undefined {
  let text: string;
  try {
    text = readFileSync(fileIn(dataDir), "utf8");
  } catch {
    return undefined;
  }
  const found = instanceDocument.parse(JSON.parse(text));
  if (!isRunning(found.process)) return undefined;
  return {
    databaseUrl: found.database_url,
    clickhouseUrl: found.clickhouse_url,
    apiUrl: found.api_url,
    ...(found.analysts_url === undefined ? {} : { analystsUrl: found.analysts_url }),
  };
}

function fileIn(dataDir: string): string {
  return join(dataDir, "instance.json");
}
