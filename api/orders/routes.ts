import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { externalId, idempotencyHeaders, json, jsonBody, pageOf, problems } from "../http/schemas.ts";
import { findOrder, listOrders, toOrderWire } from "./queries.ts";
import { reportOrder } from "./report.ts";
import { orderReport, ordersQuery, orderWire } from "./schemas.ts";

const tags = ["Orders"];

const report = createRoute({
  method: "post",
  path: "/v1/orders",
  tags,
  summary: "Report an order, or its next status",
  description:
    "Idempotent by id and status. Creates a customer never seen before. An order that becomes cancelled or refunded rolls its redemptions back, unless the campaign says otherwise.",
  ...secured("checkout"),
  request: { headers: idempotencyHeaders, body: jsonBody(orderReport) },
  responses: {
    200: json(orderWire, "Its next status, or one that was reported before"),
    201: json(orderWire, "Seen for the first time"),
    ...problems(409, 422),
  },
});

const get = createRoute({
  method: "get",
  path: "/v1/orders/{id}",
  tags,
  summary: "Read an order",
  ...secured(["checkout", "manage", "analytics"]),
  request: { params: z.object({ id: externalId }) },
  responses: { 200: json(orderWire, "The order"), ...problems(404) },
});

const list = createRoute({
  method: "get",
  path: "/v1/orders",
  tags,
  summary: "List orders",
  ...secured(["checkout", "manage", "analytics"]),
  request: { query: ordersQuery },
  responses: { 200: json(pageOf(orderWire), "Orders by id, downwards"), ...problems() },
});

export function orderRoutes(deps: Deps) {
  return createRouter()
    .openapi(report, (c) => {
      const body = c.req.valid("json");
      return withIdempotency(c, async (tx) => {
        const { row, outcome } = await reportOrder(tx, c.var.auth, body);
        return { status: outcome === "created" ? 201 : 200, body: toOrderWire(row) };
      });
    })
    .openapi(get, async (c) => {
      const row = await findOrder(deps.db, c.var.auth.projectId, c.req.valid("param").id);
      if (!row) throw notFound("order");
      return c.json(toOrderWire(row), 200);
    })
    .openapi(list, async (c) => {
      const { limit, cursor, customer } = c.req.valid("query");
      const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
      const rows = await listOrders(deps.db, c.var.auth.projectId, { customer, before }, limit);
      return c.json(
        toPage(rows, limit, (row) => [row.id], toOrderWire),
        200,
      );
    });
}
