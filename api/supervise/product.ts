/** `npm start`: everything on this machine, in one process beside its stores. */
import { join } from "node:path";
import type { Logger } from "pino";
import { Registry } from "prom-client";
import { createRelay } from "../../ingest/relay.ts";
import { createApp } from "../app.ts";
import type { Config } from "../config.ts";
import { buildDashboards } from "../dashboards/build.ts";
import { refuseOtherCluster } from "../db/embedded.ts";
import { createKysely } from "../db/kysely.ts";
import { demoCurl, ensureDemo } from "../demo.ts";
import { forgetInstance, recordInstance } from "../instance.ts";
import { openSealer } from "../secrets/open-keys.ts";
import { keepRunning, runWorkers } from "../workers.ts";
import { openAnalystsGate } from "./analysts.ts";
import { say, table } from "./banner.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { type Listener, listen } from "./listener.ts";
import { openModels, retraining } from "./models.ts";
import { markOf } from "./processes.ts";
import { recordRelease, refuseNewerData, thisRelease } from "./release.ts";
import type { RunningServer } from "./server.ts";
import {
  createReadiness,
  drainRelay,
  migrateStores,
  openPool,
  openWarehouse,
  type Urls,
  workerRequestMs,
} from "./services.ts";
import { startClickHouse, startPostgres } from "./stores.ts";
import { refuseUnfinished } from "./unfinished.ts";

/** Until the last word of a shutdown: requests under way, then events already committed. */
const drainMs = 10_000;
const storeStartMs = 60_000;

/** @param onDeath called when a store goes without having been asked to. */
export async function startProduct(
  config: Config,
  log: Logger,
  lifecycle: Lifecycle,
  onDeath: (message: string) => void,
): Promise<void> {
  const began = Date.now();
  const release = await thisRelease();
  refuseUnfinished(config.dataDir);
  await refuseNewerData(config.dataDir, release);
  if (config.databaseUrl === undefined) await refuseOtherCluster(join(config.dataDir, "postgres"));
  const parts = { postgres: false, clickhouse: false, migrations: false, relay: false };
  const listener = await listen(config.host, config.port, parts);
  lifecycle.onStop("port", () => listener.close(drainMs));
  const apiUrl = `http://${config.host === "0.0.0.0" || config.host === "::" ? "127.0.0.1" : config.host}:${listener.port}`;
  say(`Tessera starts on ${apiUrl}; data in ${config.dataDir}`);

  const { analystsPassword, ...urls } = await openStores(config, lifecycle, onDeath);
  parts.postgres = true;
  parts.clickhouse = true;
  lifecycle.signal.throwIfAborted();
  const applied = await migrateStores(urls, config.clickhouseCluster);
  if (applied.length > 0) log.info({ applied }, "migrated");
  // Of stores elsewhere the directory knows nothing.
  if (config.databaseUrl === undefined && config.clickhouseUrl === undefined) recordRelease(config.dataDir, release);
  parts.migrations = true;
  lifecycle.signal.throwIfAborted();

  const { demo, answer } = await serve(config, urls, listener, log, lifecycle);
  const analystsUrl =
    analystsPassword === undefined
      ? undefined
      : await openAnalystsGate(config, urls.clickhouseUrl, analystsPassword, log, lifecycle);
  recordInstance(config.dataDir, markOf(process.pid), {
    ...urls,
    apiUrl,
    ...(analystsUrl === undefined ? {} : { analystsUrl }),
  });
  lifecycle.onStop("instance file", () => {
    forgetInstance(config.dataDir);
    return undefined;
  });
  // Last: who hears that the product is ready finds everything else in place.
  answer();
  say(greeting(config, { ...urls, analystsUrl }, apiUrl, demo?.key, Date.now() - began));
  startDashboardsBuild(config, log, lifecycle, apiUrl);
}

async function openStores(
  config: Config,
  lifecycle: Lifecycle,
  onDeath: (message: string) => void,
): Promise<Urls & { analystsPassword?: string }> {
  const options = { dataDir: config.dataDir, durable: true, timeoutMs: storeStartMs };
  const keep = <S extends { readonly server: RunningServer }>(store: S): S => {
    lifecycle.onStop(store.server.name, () => store.server.stop());
    void store.server.gone.then(() => {
      if (store.server.stopping()) return;
      onDeath(`${store.server.name} ended unexpectedly; its log is in ${join(config.dataDir, "logs")}.`);
    });
    return store;
  };
  const [postgres, clickhouse] = await Promise.allSettled([
    config.databaseUrl ? { url: config.databaseUrl } : startPostgres(options).then(keep),
    config.clickhouseUrl ? { url: config.clickhouseUrl } : startClickHouse(options).then(keep),
  ]);
  // Both have settled: what did come up is registered, and is stopped with the rest.
  if (postgres.status === "rejected") throw postgres.reason;
  if (clickhouse.status === "rejected") throw clickhouse.reason;
  const { url: clickhouseUrl, ...embedded } = clickhouse.value;
  const analysts = "analystsPassword" in embedded ? { analystsPassword: embedded.analystsPassword } : {};
  return { databaseUrl: postgres.value.url, clickhouseUrl, ...analysts };
}

async function serve(config: Config, urls: Urls, listener: Listener, log: Logger, lifecycle: Lifecycle) {
  const warehouse = openWarehouse(urls.clickhouseUrl, lifecycle);
  const workerWarehouse = openWarehouse(urls.clickhouseUrl, lifecycle, workerRequestMs);
  const relayPool = openPool(urls.databaseUrl, "relay", 3, log, lifecycle);
  const relay = createRelay({ pool: relayPool, warehouse, log });
  lifecycle.onStop("last events", () => drainRelay(relay, log));
  const workerPool = openPool(urls.databaseUrl, "workers", 8, log, lifecycle);
  const pool = openPool(urls.databaseUrl, "api", 20, log, lifecycle);
  const models = await openModels(pool, log, lifecycle);
  const sealer = openSealer(config.secretKeys, config.dataDir);
  // Of a product that only this machine reaches, good enough to try it out.
  const publicUrl = config.publicUrl ?? `http://${config.host}:${listener.port}`;
  const working = Promise.all([
    keepRunning("relay", (signal) => relay.run(signal), log, lifecycle.signal),
    runWorkers(
      {
        pool: workerPool,
        warehouse: workerWarehouse,
        models,
        log,
        alerts: config.alerts,
        retrain: retraining(config, urls),
        dataDir: config.dataDir,
        kept: config.kept,
        workflowRunsDays: config.workflowRunsDays,
        outbound: config.outbound,
        sealer,
        publicUrl,
      },
      lifecycle.signal,
    ),
  ]);
  lifecycle.onStop("relay and workers", () => working);

  const db = createKysely(pool);
  const demo = await ensureDemo(db, config.apiKey);
  const app = createApp({
    db,
    pool,
    warehouse,
    models,
    log,
    metrics: new Registry(),
    readiness: createReadiness(pool, warehouse, { relay: async () => relay.ready() }),
    dataDir: config.dataDir,
    closing: lifecycle.signal,
    guessing: config.guessing,
    outbound: config.outbound,
    sealer,
    publicUrl,
  });
  // The pools go after the requests that use them.
  lifecycle.onStop("requests", () => listener.close(drainMs));
  return { demo, answer: () => listener.hand((request, env) => app.fetch(request, env as object)) };
}

function startDashboardsBuild(config: Config, log: Logger, lifecycle: Lifecycle, apiUrl: string): void {
  const building = buildDashboards({
    mode: config.dashboards,
    dataDir: config.dataDir,
    log,
    onProgress: (line) => say(`Dashboards: ${line}`),
    signal: lifecycle.signal,
  }).then((outcome) => {
    if (outcome === "ready") say(`Dashboards: ready at ${apiUrl}/dashboards/`);
    if (outcome === "failed") say(`Dashboards: not built, see ${logFileOf(config)}; everything else works.`);
  });
  lifecycle.onStop("dashboards build", () => building);
}

function greeting(
  config: Config,
  urls: Urls & { analystsUrl: string | undefined },
  apiUrl: string,
  newKey: string | undefined,
  ms: number,
): string {
  const given = config.apiKey !== undefined;
  const shownKey =
    newKey === undefined ? "as shown at the first start" : given ? "the value of TESSERA_API_KEY" : newKey;
  const rows: [string, string][] = [
    ["API", `${apiUrl}/v1`],
    ["Reference", `${apiUrl}/docs`],
    ["Dashboards", config.dashboards === "off" ? "off (TESSERA_DASHBOARDS)" : `${apiUrl}/dashboards/`],
    ["PostgreSQL", config.databaseUrl ? "DATABASE_URL" : `embedded, 127.0.0.1:${new URL(urls.databaseUrl).port}`],
    ["ClickHouse", config.clickhouseUrl ? "CLICKHOUSE_URL" : `embedded, 127.0.0.1:${new URL(urls.clickhouseUrl).port}`],
    ...(urls.analystsUrl === undefined
      ? []
      : [["Analysts", `${urls.analystsUrl} (npm run analyst)`] as [string, string]]),
    ["Data", config.dataDir],
    ["Log", logFileOf(config)],
    ["Key", newKey !== undefined && !given ? `${shownKey}  (project "demo"; shown only now)` : shownKey],
  ];
  const curl = demoCurl(apiUrl, newKey !== undefined && !given ? newKey : "$TESSERA_API_KEY");
  return `\nReady after ${(ms / 1000).toFixed(1)} s.\n\n${table(rows)}\n\nTry it:\n\n${curl}\n`;
}

export function logFileOf(config: Pick<Config, "dataDir">): string {
  return join(config.dataDir, "logs", "tessera.log");
}
