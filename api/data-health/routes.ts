import { createRoute } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { json, problems } from "../http/schemas.ts";
import { readDataHealth } from "./read.ts";
import { dataHealthWire } from "./schemas.ts";

const getDataHealth = createRoute({
  method: "get",
  path: "/v1/data-health",
  tags: ["Data health"],
  summary: "How complete and exact the warehouse is: lag, dead letters, drift, alerts",
  ...secured(["analytics"]),
  responses: { 200: json(dataHealthWire, "As of now"), ...problems() },
});

export function dataHealthRoutes(deps: Deps) {
  return createRouter().openapi(getDataHealth, async (c) =>
    c.json(await readDataHealth(deps, c.var.auth.projectId), 200),
  );
}
