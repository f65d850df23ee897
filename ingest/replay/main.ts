/** `npm run replay -- <folder>`: a retailer's year through the HTTP API. See docs/data-complete-journey.md. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { SingleBar } from "cli-progress";
import type pg from "pg";
import { type Config, ConfigError, parseConfig } from "../../api/config.ts";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import { resolveStores, type StoreUrls } from "../../api/instance.ts";
import { createWarehouse, databaseOf } from "../../warehouse/client.ts";
import { NotComparable, reconcile } from "../../warehouse/reconcile.ts";
import { type Arguments, parseArguments, UsageError, usage } from "./arguments.ts";
import { loadProgress, type Progress } from "./checkpoint.ts";
import { ApiError, createCall } from "./client.ts";
import { type Plan, readPlan } from "./plan.ts";
import { openProject } from "./project.ts";
import { describeTally } from "./report.ts";
import { preparationSize, run } from "./run.ts";
import { checkSource, SourceError } from "./source.ts";

const exitWrong = 1;
const exitUsage = 2;
const exitInterrupted = 130;

const relayPatienceMs = 120_000;

interface Target {
  readonly api: string;
  readonly key: string;
  readonly checkpointFile: string;
  /** Undefined for a service elsewhere: its stores are not ours to look at. */
  readonly stores: StoreUrls | undefined;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  await checkSource(args.folder);
  const config = parseConfig(process.env);
  const target = args.api === undefined ? await localTarget(config, args) : remoteTarget(config, args, args.api);
  say(`Reading ${args.folder} …`);
  const plan = await readPlan(args.folder);
  say(
    `${plan.households.length} households, ${plan.campaigns.length} campaigns, ${plan.days.length} days; ` +
      `${plan.emptyBaskets} receipts without units and money are left out.`,
  );
  const progress = await loadProgress(target.checkpointFile);
  if (progress.lastDay !== null) {
    const complete = progress.lastDay === plan.days.at(-1)?.day;
    say(complete ? "All of it was replayed before; these are its figures." : `Continuing after ${progress.lastDay}.`);
  }

  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    await playWithBar(args, target, plan, progress, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say(`Stopped after ${progress.lastDay ?? "the preparation"}. The same command continues from there.`);
    return exitInterrupted;
  }
  say(`\n${describeTally(progress.tally)}`);
  return target.stores === undefined ? 0 : compareStores(target.stores);
}

async function localTarget(config: Config, args: Arguments): Promise<Target> {
  const stores = resolveStores(config);
  const api = stores.apiUrl ?? `http://${config.host}:${config.port}`;
  return withPool(stores.databaseUrl, async (pool) => {
    const project = await openProject(createKysely(pool), config.dataDir, args.project);
    say(
      `Project ${args.project} (${project.id}); its key, also for signing in to the dashboards, is in ${project.keyFile}`,
    );
    return { api, key: project.key, stores, checkpointFile: checkpointFile(config, project.id) };
  });
}

function remoteTarget(config: Config, args: Arguments, api: string): Target {
  if (!URL.canParse(api)) throw new UsageError("--api wants a URL, e.g. https://tessera.example");
  if (config.apiKey === undefined) throw new UsageError("--api needs the service's key in TESSERA_API_KEY.");
  if (args.project !== "complete-journey") throw new UsageError("With --api the key decides the project.");
  const name = createHash("sha256")
    .update(`${new URL(api).href}\0${config.apiKey}`)
    .digest("hex")
    .slice(0, 16);
  return { api, key: config.apiKey, stores: undefined, checkpointFile: checkpointFile(config, name) };
}

function checkpointFile(config: Config, name: string): string {
  return join(config.dataDir, "replay", `${name}.json`);
}

async function playWithBar(args: Arguments, target: Target, plan: Plan, progress: Progress, signal: AbortSignal) {
  const open = plan.days.filter(({ day }) => progress.lastDay === null || day > progress.lastDay);
  const deeds = open
    .slice(0, args.daysMax)
    .reduce((sum, day) => sum + [...day.deeds.values()].reduce((count, list) => count + list.length, 0), 0);
  const total = deeds + (progress.prepared ? 0 : preparationSize(plan));
  const bar = new SingleBar({
    format: "{bar} {percentage}% | {value}/{total} | {what} | {duration_formatted}, {eta_formatted} to go",
    hideCursor: true,
    gracefulExit: false,
    noTTYOutput: true,
    notTTYSchedule: 15_000,
    etaBuffer: 2_000,
  });
  if (total > 0) bar.start(total, 0, { what: "" });
  try {
    await run({
      call: createCall(target.api, target.key, signal),
      plan,
      progress,
      checkpointFile: target.checkpointFile,
      concurrency: args.concurrency,
      daysMax: args.daysMax,
      onProgress: (done, what) => bar.increment(done, { what }),
    });
  } finally {
    bar.stop();
  }
}

/** Waits until the relay has delivered everything, then holds both stores against each other. */
async function compareStores(stores: StoreUrls): Promise<number> {
  const database = databaseOf(stores.clickhouseUrl);
  const warehouse = createWarehouse({ url: stores.clickhouseUrl, database, requestTimeoutMs: 300_000 });
  try {
    const began = Date.now();
    const { compared, drifts, checks } = await withPool(stores.databaseUrl, (pool) =>
      reconcile({ pool, warehouse, waitMs: relayPatienceMs }),
    );
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    const verdict = drifts.length === 0 ? "no drift" : `${drifts.length} groups drift, npm run reconcile lists them`;
    say(`Reconciled Postgres and ClickHouse in ${seconds} s: ${checks.length} checks, ${compared} groups, ${verdict}.`);
    return drifts.length === 0 ? 0 : exitWrong;
  } finally {
    await warehouse.close();
  }
}

async function withPool<T>(connectionString: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = createPool({ connectionString, max: 2, applicationName: "tessera-replay" });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof SourceError) {
    process.stderr.write(
      `${error.message}\nThe data set is not part of the product: docs/data-complete-journey.md says where it is.\n`,
    );
    process.exitCode = exitUsage;
  } else if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = exitUsage;
  } else if (error instanceof ConfigError || error instanceof ApiError || error instanceof NotComparable) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = exitWrong;
  } else {
    throw error;
  }
}
