/** Is it alive, is it ready, how is it doing. No key: these answer probes and scrapers. */
import { createRoute, z } from "@hono/zod-openapi";
import { collectDefaultMetrics } from "prom-client";
import type { Deps } from "../deps.ts";
import { createRouter } from "../http/router.ts";
import { json } from "../http/schemas.ts";
import { watchDelivery } from "./delivery-metrics.ts";

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

export function healthRoutes(deps: Deps) {
  collectDefaultMetrics({ register: deps.metrics });
  const readDelivery = watchDelivery(deps);
  return createRouter()
    .openapi(healthz, (c) => c.json({ status: "ok" as const }, 200))
    .openapi(readyz, async (c) => {
      const parts = await deps.readiness();
      const ready = Object.values(parts).every(Boolean);
      return c.json({ ready, parts: { ...parts } }, ready ? 200 : 503);
    })
    .openapi(metricsRoute, async (c) => {
      await readDelivery();
      return c.text(await deps.metrics.metrics(), 200);
    });
}
