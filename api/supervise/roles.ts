/** One part alone, on stores that run elsewhere: what a container starts. Logs are JSON lines on standard output. */
import type { Logger } from "pino";
import { Registry } from "prom-client";
import { createRelay } from "../../ingest/relay.ts";
import { createApp } from "../app.ts";
import type { Config } from "../config.ts";
import { buildDashboards } from "../dashboards/build.ts";
import { createKysely } from "../db/kysely.ts";
import { openSealer } from "../secrets/open-keys.ts";
import { keepRunning, runWorkers } from "../workers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { listen } from "./listener.ts";
import { openModels, retraining } from "./models.ts";
import { createReadiness, drainRelay, openPool, openWarehouse, type Urls, workerRequestMs } from "./services.ts";

const drainMs = 10_000;

export async function startApi(config: Config, urls: Urls, log: Logger, lifecycle: Lifecycle): Promise<void> {
  const listener = await listen(config.host, config.port, {});
  lifecycle.onStop("port", () => listener.close(drainMs));
  const warehouse = openWarehouse(urls.clickhouseUrl, lifecycle);
  const pool = openPool(urls.databaseUrl, "api", 20, log, lifecycle);
  const app = createApp({
    db: createKysely(pool),
    pool,
    warehouse,
    models: await openModels(pool, log, lifecycle),
    log,
    metrics: new Registry(),
    // The relay is another process: how far behind it is stands in /metrics.
    readiness: createReadiness(pool, warehouse, {}),
    dataDir: config.dataDir,
    closing: lifecycle.signal,
    guessing: config.guessing,
    outbound: config.outbound,
    sealer: openSealer(config.secretKeys, config.dataDir),
    publicUrl: config.publicUrl,
  });
  lifecycle.onStop("requests", () => listener.close(drainMs));
  listener.hand((request, env) => app.fetch(request, env as object));
  log.info({ port: listener.port, host: config.host }, "the API listens");
  const building = buildDashboards({
    mode: config.dashboards,
    dataDir: config.dataDir,
    log,
    onProgress: (line) => log.info({ part: "dashboards" }, line),
    signal: lifecycle.signal,
  });
  lifecycle.onStop("dashboards build", () => building);
}

export async function startIngest(urls: Urls, log: Logger, lifecycle: Lifecycle): Promise<void> {
  const warehouse = openWarehouse(urls.clickhouseUrl, lifecycle);
  const relay = createRelay({ pool: openPool(urls.databaseUrl, "relay", 3, log, lifecycle), warehouse, log });
  lifecycle.onStop("last events", () => drainRelay(relay, log));
  const running = keepRunning("relay", (signal) => relay.run(signal), log, lifecycle.signal);
  lifecycle.onStop("relay", () => running);
  log.info("the relay runs");
}

export async function startWorkers(config: Config, urls: Urls, log: Logger, lifecycle: Lifecycle): Promise<void> {
  const warehouse = openWarehouse(urls.clickhouseUrl, lifecycle, workerRequestMs);
  const pool = openPool(urls.databaseUrl, "workers", 8, log, lifecycle);
  const models = await openModels(pool, log, lifecycle);
  const working = runWorkers(
    {
      pool,
      warehouse,
      models,
      log,
      alerts: config.alerts,
      retrain: retraining(config, urls),
      dataDir: config.dataDir,
      kept: config.kept,
      workflowRunsDays: config.workflowRunsDays,
      outbound: config.outbound,
      sealer: openSealer(config.secretKeys, config.dataDir),
      publicUrl: config.publicUrl,
    },
    lifecycle.signal,
  );
  lifecycle.onStop("workers", () => working);
  log.info("the workers run");
}
