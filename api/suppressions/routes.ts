import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { json, jsonBody, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { addSuppression, pageOfSuppressions, removeSuppression } from "./change.ts";
import { suppressionBody, suppressionsQuery, suppressionWire } from "./schemas.ts";

const tags = ["Suppressions"];

const add = createRoute({
  method: "post",
  path: "/v1/suppressions",
  tags,
  summary: "Never write to an address again",
  description: "Neither marketing nor anything else. One that is on the list stays with its first reason.",
  ...secured("manage"),
  request: { body: jsonBody(suppressionBody) },
  responses: { 200: json(suppressionWire, "The entry"), ...problems() },
});

const list = createRoute({
  method: "get",
  path: "/v1/suppressions",
  tags,
  summary: "List addresses that are not written to, the newest first",
  ...secured("manage"),
  request: { query: suppressionsQuery },
  responses: { 200: json(pageOf(suppressionWire), "Entries"), ...problems() },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/suppressions/{id}",
  tags,
  summary: "Write to an address again",
  ...secured("manage"),
  request: { params: z.object({ id: resourceId }) },
  responses: { 204: { description: "Taken off the list" }, ...problems(404) },
});

export function suppressionRoutes({ db }: Deps) {
  return createRouter()
    .openapi(add, async (c) => {
      const body = c.req.valid("json");
      const entry = await inTransaction(c, (tx) => addSuppression(tx, c.var.auth.projectId, body, new Date()));
      return c.json(entry, 200);
    })
    .openapi(list, async (c) => c.json(await pageOfSuppressions(db, c.var.auth.projectId, c.req.valid("query")), 200))
    .openapi(remove, async (c) => {
      await inTransaction(c, (tx) => removeSuppression(tx, c.var.auth.projectId, c.req.valid("param").id));
      return c.body(null, 204);
    });
}
