/** The application on a port, with dashboards that were really built. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect } from "vitest";
import { createApp } from "../../../api/app.ts";
import { buildDashboards } from "../../../api/dashboards/build.ts";
import { createRelay } from "../../../ingest/relay.ts";
import { openApp, type TestApp } from "../../support/app.ts";
import { openStores } from "../../support/stores.ts";
import { listen } from "./listen.ts";

/** Packages and build stay here from run to run: they depend on the dashboards' files alone. */
const cacheDir = join(import.meta.dirname, "..", "..", "..", ".cache", "browser-tests");
const buildTimeoutMs = 15 * 60_000;
export const buildPatienceMs = buildTimeoutMs + 60_000;

export interface ServedApp extends TestApp {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Returns when the warehouse has every event committed until now. */
  drain(): Promise<void>;
}

/** With databases of its own. The first run builds the dashboards, which takes minutes: give the hook `buildPatienceMs`. */
export async function serveWithDashboards(): Promise<ServedApp> {
  const { stores } = await openStores();
  const context = (await openApp(stores)) as { -readonly [K in keyof ServedApp]: ServedApp[K] };
  const dataDir = process.env.TESSERA_BROWSER_CACHE ?? cacheDir;
  await mkdir(dataDir, { recursive: true });
  const log = pino({ level: "error" });
  const outcome = await buildDashboards({
    mode: "build",
    dataDir,
    log,
    onProgress: (line) => process.stderr.write(`dashboards: ${line}\n`),
    signal: AbortSignal.timeout(buildTimeoutMs),
  });
  expect(outcome).toBe("ready");
  const app = createApp({ ...context.deps, log, metrics: new Registry(), dataDir });
  const relay = createRelay({ pool: context.pool, warehouse: context.warehouse, log: context.deps.log });
  context.drain = () => relay.drain();
  context.baseUrl = await listen(app);
  return context;
}
