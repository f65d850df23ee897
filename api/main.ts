/** `npm start`, and with `--role api|ingest|workers` one part alone on DATABASE_URL and CLICKHOUSE_URL. */
import { parseArgs } from "node:util";
import { pino } from "pino";
import { type Config, ConfigError, parseConfig } from "./config.ts";
import { complain } from "./supervise/banner.ts";
import { runCommand } from "./supervise/command.ts";
import { watchLauncher } from "./supervise/launcher.ts";
import { lockDataDir } from "./supervise/lock.ts";
import { openLogFile } from "./supervise/log-file.ts";
import { logOptions } from "./supervise/log-options.ts";
import { logFileOf, startProduct } from "./supervise/product.ts";
import { startApi, startIngest, startWorkers } from "./supervise/roles.ts";
import type { Urls } from "./supervise/services.ts";

const roles = ["all", "api", "ingest", "workers"] as const;
type Role = (typeof roles)[number];

export async function main(args: readonly string[]): Promise<never> {
  try {
    const role = roleOf(args);
    const config = parseConfig(process.env);
    return role === "all" ? await runAll(config) : await runPart(role, config);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    complain(error instanceof ConfigError ? `The configuration is not valid:\n${error.message}` : error.message);
    process.exit(error instanceof ConfigError ? 2 : 1);
  }
}

function roleOf(args: readonly string[]): Role {
  const { values } = parseArgs({ args: [...args], options: { role: { type: "string", default: "all" } } });
  const role = roles.find((name) => name === values.role);
  if (!role) throw new ConfigError(`--role: one of ${roles.join(", ")}`);
  return role;
}

function runAll(config: Config): Promise<never> {
  // Before anything is opened: the log file too belongs to the one instance.
  const lock = lockDataDir(config.dataDir);
  process.once("exit", () => lock.release());
  const { log, flush } = openLogFile(logFileOf(config), config.logLevel);
  return runCommand({
    log,
    flush,
    talk: true,
    start: (lifecycle, onDeath) => startProduct(config, log, lifecycle, onDeath),
    watch: watchLauncher,
  });
}

function runPart(role: Exclude<Role, "all">, config: Config): Promise<never> {
  const urls = requiredUrls(config);
  const log = pino(logOptions(config.logLevel, { role }));
  return runCommand({
    log,
    flush: () => log.flush(),
    talk: false,
    start: (lifecycle) => {
      if (role === "api") return startApi(config, urls, log, lifecycle);
      return role === "ingest" ? startIngest(urls, log, lifecycle) : startWorkers(config, urls, log, lifecycle);
    },
    watch: watchLauncher,
  });
}

function requiredUrls({ databaseUrl, clickhouseUrl }: Config): Urls {
  if (databaseUrl !== undefined && clickhouseUrl !== undefined) return { databaseUrl, clickhouseUrl };
  const missing = [databaseUrl ?? "DATABASE_URL", clickhouseUrl ?? "CLICKHOUSE_URL"].filter(
    (text) => !text.includes(":"),
  );
  throw new ConfigError(`${missing.join("\n")}: required when one role runs alone`);
}

if (import.meta.filename === process.argv[1]) await main(process.argv.slice(2));
