import { createRoute } from "@hono/zod-openapi";
import { readConsumers } from "../../ingest/consumer-cursor.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { json, problems } from "../http/schemas.ts";

import { countWaiting } from "../risk/rescore/waiting.ts";
import { readDataHealth } from "./read.ts";
import { consumersWire, dataHealthWire } from "./schemas.ts";

const getDataHealth = createRoute({
  method: "get",
  path: "/v1/data-health",
  tags: ["Data health"],
  summary: "How complete and exact the warehouse is: lag, dead letters, drift, alerts",
  ...secured(["analytics"]),
  responses: { 200: json(dataHealthWire, "As of now"), ...problems() },
});

const getConsumers = createRoute({
  method: "get",
  path: "/v1/data-health/consumers",
  tags: ["Data health"],
  summary: "How far those who follow the events inside the product have come",
  description: "From Postgres alone, and cheap: ask as often as you like.",
  ...secured(["analytics"]),
  responses: { 200: json(consumersWire, "As of now"), ...problems() },
});

export function dataHealthRoutes(deps: Deps) {
  return createRouter()
    .openapi(getDataHealth, async (c) => c.json(await readDataHealth(deps, c.var.auth.projectId), 200))
    .openapi(getConsumers, async (c) => {
      const [consumers, waiting] = await Promise.all([
        readConsumers(deps.pool),
        countWaiting(deps.pool, c.var.auth.projectId),
      ]);
      return c.json({ consumers, late_scores_waiting: waiting }, 200);
    });
}
