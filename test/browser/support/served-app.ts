/** The application on a port, with dashboards that were really built. */
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect } from "vitest";
import { createApp } from "../../../api/app.ts";
import { buildDashboards } from "../../../api/dashboards/build.ts";
import { createRelay } from "../../../ingest/relay.ts";
import { type TestApp, useApp } from "../../support/app.ts";

/** Packages and build stay here from run to run: they depend on the dashboards' files alone. */
const cacheDir = join(import.meta.dirname, "..", "..", "..", ".cache", "browser-tests");
const buildTimeoutMs = 15 * 60_000;

export interface ServedApp extends TestApp {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Returns when the warehouse has every event committed until now. */
  drain(): Promise<void>;
}

/** Call it at the top of a file, like `useApp`. The first run builds the dashboards, which takes minutes. */
export function useServedApp(): ServedApp {
  const context = useApp() as { -readonly [K in keyof ServedApp]: ServedApp[K] };
  let server: ServerType | undefined;
  beforeAll(async () => {
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
    context.baseUrl = await new Promise<string>((resolve) => {
      server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, (address: AddressInfo) =>
        resolve(`http://127.0.0.1:${address.port}`),
      );
    });
  }, buildTimeoutMs + 60_000);
  afterAll(() => {
    if (server && "closeAllConnections" in server) server.closeAllConnections();
    server?.close();
  });
  return context;
}
