/**
 * The API as `api/main.ts --role api` serves it, with one route more: POST /bench/nothing authenticates, reads the body
 * as strictly as every route, and answers. What any answer costs before it does anything, in the same process.
 */
import { pino } from "pino";
import { Registry } from "prom-client";
import { createApp } from "../api/app.ts";
import { parseConfig } from "../api/config.ts";
import { createKysely } from "../api/db/kysely.ts";
import { secured } from "../api/http/auth.ts";
import { createRouter } from "../api/http/router.ts";
import { openSealer } from "../api/secrets/open-keys.ts";
import { createLifecycle, type Lifecycle } from "../api/supervise/lifecycle.ts";
import { listen } from "../api/supervise/listener.ts";
import { openPool, openWarehouse } from "../api/supervise/services.ts";
import { loadModels } from "../models/serving.ts";

const config = parseConfig(process.env);
if (config.databaseUrl === undefined || config.clickhouseUrl === undefined)
  throw new Error("both stores must be given");
const log = pino({ level: config.logLevel });
const urls = { databaseUrl: config.databaseUrl, clickhouseUrl: config.clickhouseUrl };

async function start(lifecycle: Lifecycle): Promise<void> {
  const pool = openPool(urls.databaseUrl, "api", 20, log, lifecycle);
  const app = createApp({
    db: createKysely(pool),
    pool,
    warehouse: openWarehouse(urls.clickhouseUrl, lifecycle),
    models: await loadModels({ log }),
    log,
    metrics: new Registry(),
    readiness: async () => ({}),
    dataDir: config.dataDir,
    sealer: openSealer(config.secretKeys, config.dataDir),
    publicUrl: undefined,
  });
  const nothing = createRouter();
  nothing.post("/bench/nothing", secured("checkout").middleware, (c) => c.json({ nothing: true }));
  app.route("/", nothing);
  const listener = await listen(config.host, config.port, {});
  lifecycle.onStop("port", () => listener.close(1_000));
  listener.hand((request, env) => app.fetch(request, env as object));
}

const lifecycle = createLifecycle(log, start);
process.once("SIGTERM", () => lifecycle.stop(0));
process.exit(await lifecycle.stopped);
