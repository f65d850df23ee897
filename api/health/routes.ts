/** Is it alive, is it ready, how is it doing. No key: these answer probes and scrapers. */
import { createRoute, z } from "@hono/zod-openapi";
import { collectDefaultMetrics, Gauge } from "prom-client";
import { readLag } from "../../ingest/lag.ts";
import type { Deps } from "../deps.ts";
import { createRouter } from "../http/router.ts";
import { json } from "../http/schemas.ts";

const tags = ["Operations"];

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  tags,
  summary: "Whether the process lives",
  responses: { 200: json(z.object({ status: z.literal("ok") }), "It lives") },
});

const readiness = z.object({ ready: z.boolean(), parts: z.record(z.string(), z.boolean()) }).openapi("Readiness", {
  example: { ready: true, parts: { postgres: true, clickhouse: true, migrations: true, relay: true } },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  tags,
  summary: "Whether stores, migrations and relay are ready",
  responses: { 200: json(readiness, "All parts are ready"), 503: json(readiness, "Some part is not") },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  tags,
  summary: "Prometheus metrics",
  responses: {
    200: { description: "Prometheus text format", content: { "text/plain": { schema: z.string() } } },
  },
});

/** @returns what reads the outbox and sets both gauges; when Postgres does not answer they are left out, a number would be a lie. */
function watchOutbox(deps: Deps): () => Promise<void> {
  const registers = [deps.metrics];
  const rows = new Gauge({
    name: "outbox_lag_rows",
    help: "Committed events not yet delivered to ClickHouse, counted up to 100000",
    registers,
  });
  const seconds = new Gauge({
    name: "outbox_oldest_seconds",
    help: "Age of the oldest event not yet delivered to ClickHouse",
    registers,
  });
  return async () => {
    try {
      const lag = await readLag(deps.pool);
      rows.set(lag.rows);
      seconds.set(lag.seconds);
    } catch (error) {
      deps.log.warn({ err: error }, "the outbox lag could not be read");
      rows.remove();
      seconds.remove();
    }
  };
}

export function healthRoutes(deps: Deps) {
  collectDefaultMetrics({ register: deps.metrics });
  const readOutbox = watchOutbox(deps);
  return createRouter()
    .openapi(healthz, (c) => c.json({ status: "ok" as const }, 200))
    .openapi(readyz, async (c) => {
      const parts = await deps.readiness();
      const ready = Object.values(parts).every(Boolean);
      return c.json({ ready, parts: { ...parts } }, ready ? 200 : 503);
    })
    .openapi(metricsRoute, async (c) => {
      await readOutbox();
      return c.text(await deps.metrics.metrics(), 200);
    });
}
