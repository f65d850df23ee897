/** `npm run import -- orders file.parquet`: a file of customers, orders, events or redemptions. See docs/import.md. */
import { SingleBar } from "cli-progress";
import { type Config, ConfigError, parseConfig } from "../../api/config.ts";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import { resolveStores } from "../../api/instance.ts";
import { ApiError } from "../replay/client.ts";
import { openProject } from "../replay/project.ts";
import { type Arguments, parseArguments, UsageError, usage } from "./arguments.ts";
import { TooLarge } from "./parts.ts";
import { type Progress, type Result, run } from "./run.ts";
import { createService, Refused } from "./service.ts";

const exitWrong = 1;
const exitUsage = 2;
const exitBadRows = 3;
const exitInterrupted = 130;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  const { url, key } = await findTarget(parseConfig(process.env), args);
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const bars = showBars();
  try {
    const result = await run(createService(url, key, stop.signal), args, bars, stop.signal);
    bars.stop();
    return report(result);
  } catch (error) {
    bars.stop();
    if (!stop.signal.aborted) throw error;
    say("Stopped. What was uploaded goes on in the service; the same command follows it, or sends the rest.");
    return exitInterrupted;
  }
}

/** `--url`, or the product that runs on the data directory; the key of the environment, or one of its projects. */
async function findTarget(config: Config, args: Arguments): Promise<{ url: string; key: string }> {
  const key = process.env[args.keyEnv];
  if (args.project === undefined) {
    if (key === undefined || key === "") {
      const or = args.url === undefined ? ", or name a project of the service running here with --project" : "";
      throw new UsageError(`There is no key: set ${args.keyEnv}${or}.`);
    }
    return { url: args.url ?? resolveStores(config).apiUrl ?? `http://${config.host}:${config.port}`, key };
  }
  const stores = resolveStores(config);
  const pool = createPool({ connectionString: stores.databaseUrl, max: 1, applicationName: "tessera-import" });
  try {
    const project = await openProject(createKysely(pool), config.dataDir, args.project);
    say(`Project ${args.project} (${project.id}); its key is in ${project.keyFile}`);
    return { url: stores.apiUrl ?? `http://${config.host}:${config.port}`, key: project.key };
  } finally {
    await pool.end();
  }
}

function showBars(): Progress & { stop(): void } {
  const bar = new SingleBar({
    format: "{bar} {percentage}% | {what} | {duration_formatted}, {eta_formatted} to go",
    hideCursor: true,
    gracefulExit: false,
    noTTYOutput: true,
    notTTYSchedule: 15_000,
    etaBuffer: 200,
  });
  let shown = "";
  const show = (phase: string, value: number, total: number, what: string) => {
    if (shown !== phase) {
      bar.stop();
      bar.start(Math.max(1, total), 0, { what });
      shown = phase;
    }
    bar.setTotal(Math.max(1, total));
    bar.update(value, { what });
  };
  const of = (part: number, parts: number) => (parts > 1 ? ` part ${part} of ${parts}` : "");
  const mb = (bytes: number) => (bytes / 1_000_000).toFixed(1);
  return {
    uploading: (part, parts, bytes, total) =>
      show(`upload ${part}`, bytes, total, `sending${of(part, parts)}: ${mb(bytes)} of ${mb(total)} MB`),
    working: (part, parts, rows, total) =>
      show(`work ${part}`, rows, total, `importing${of(part, parts)}: ${rows} of ${total} rows`),
    stop: () => bar.stop(),
  };
}

function report({ rows, imported, unchanged, failed, error, errorsFile }: Result): number {
  say(`${rows} rows: ${imported} imported, ${unchanged} known already, ${failed} bad.`);
  if (errorsFile !== null) say(`The bad rows, by line: ${errorsFile}`);
  if (error !== null) say(`The import failed: ${error}`);
  if (error !== null) return exitWrong;
  return failed > 0 ? exitBadRows : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isFile = error instanceof Error && "syscall" in error;
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = exitUsage;
  } else if (
    error instanceof ConfigError ||
    error instanceof ApiError ||
    error instanceof Refused ||
    error instanceof TooLarge ||
    isFile
  ) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = exitWrong;
  } else {
    throw error;
  }
}
