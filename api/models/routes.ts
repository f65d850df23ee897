import { createRoute, z } from "@hono/zod-openapi";
import { versionName } from "../../models/registry/manifest.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { json, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { findChampion, promote, rollBack } from "./queries.ts";
import { readModels } from "./read.ts";
import { changedWire, modelName, modelsWire } from "./schemas.ts";
import { createShippedModels } from "./shipped.ts";

const tags = ["Models"];
const params = z.object({ name: modelName, version: versionName });

const list = createRoute({
  method: "get",
  path: "/v1/models",
  tags,
  summary: "The models that decide for this project",
  description:
    "For each: what serves, what else was trained, how good each was on held-back days, how fresh it is, and how far what it is asked has moved.",
  ...secured("analytics"),
  responses: { 200: json(modelsWire, "Models"), ...problems() },
});

const promotion = createRoute({
  method: "post",
  path: "/v1/models/{name}/versions/{version}/promote",
  tags,
  summary: "Let a version serve",
  description:
    "Every process serves it within seconds, without a restart. Promoting the champion again changes nothing.",
  ...secured("admin"),
  request: { params },
  responses: { 200: json(changedWire, "The champion"), ...problems(404) },
});

const rollback = createRoute({
  method: "post",
  path: "/v1/models/{name}/versions/{version}/rollback",
  tags,
  summary: "Take the champion out of service",
  description: "The champion before it serves again; where there is none, what comes with the product.",
  ...secured("admin"),
  request: { params },
  responses: { 200: json(changedWire, "The champion"), ...problems(404, 409) },
});

export function modelRoutes(deps: Deps) {
  const shipped = createShippedModels();
  return createRouter()
    .openapi(list, async (c) => {
      const data = await readModels(deps, c.var.auth.projectId, await shipped(), Date.now());
      return c.json({ data }, 200);
    })
    .openapi(promotion, async (c) => {
      const key = { projectId: c.var.auth.projectId, ...c.req.valid("param") };
      const outcome = await inTransaction(c, (tx) => promote(tx, key, "promoted by hand"));
      if (outcome === "missing") throw notFound("model");
      return c.json({ name: key.name, champion: key.version }, 200);
    })
    .openapi(rollback, async (c) => {
      const key = { projectId: c.var.auth.projectId, ...c.req.valid("param") };
      const champion = await inTransaction(c, async (tx) => {
        const outcome = await rollBack(tx, key, "rolled back by hand");
        if (outcome === "missing") throw notFound("model");
        if (outcome === "not_champion") throw new Problem("conflict", `${key.version} is not the champion.`);
        return findChampion(tx, key);
      });
      return c.json({ name: key.name, champion }, 200);
    });
}
