import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { customerIdentifier, json, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { findErasure } from "./queries.ts";
import { findPerson, requestErasure } from "./request.ts";
import { erasureWire, toErasureWire } from "./schemas.ts";

const tags = ["Customers"];

const erase = createRoute({
  method: "delete",
  path: "/v1/customers/{identifier}",
  tags,
  summary: "Erase a customer",
  description:
    "Takes the person out of both stores, of what is on its way between them and of what is kept of requests. What they bought and what it cost stays, under a random name, so that every sum holds. It takes a minute or two: all that comes under the identifier until it is done is erased too, and a purchase after that makes a new customer. The same request again finds the erasure that is under way.",
  ...secured(["manage", "admin"]),
  request: { params: z.object({ identifier: customerIdentifier }) },
  responses: { 202: json(erasureWire, "Under way"), ...problems(404) },
});

const get = createRoute({
  method: "get",
  path: "/v1/erasures/{id}",
  tags,
  summary: "Read how far an erasure is",
  ...secured(["manage", "admin"]),
  request: { params: z.object({ id: resourceId }) },
  responses: { 200: json(erasureWire, "The erasure"), ...problems(404) },
});

export function erasureRoutes(deps: Deps) {
  return createRouter()
    .openapi(erase, async (c) => {
      const { identifier } = c.req.valid("param");
      const { projectId } = c.var.auth;
      const person = await findPerson(deps.db, deps.warehouse, projectId, identifier);
      if (!person) throw notFound("customer");
      const row = await inTransaction(c, (tx) => requestErasure(tx, projectId, person, "requested"));
      return c.json(toErasureWire(row), 202);
    })
    .openapi(get, async (c) => {
      const row = await findErasure(deps.db, c.var.auth.projectId, c.req.valid("param").id);
      if (!row) throw notFound("erasure");
      return c.json(toErasureWire(row), 200);
    });
}
