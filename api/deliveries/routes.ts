import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { json, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { deliveryToWire, findInLog } from "./log.ts";
import { pageOfDeliveries, readDelivery } from "./read.ts";
import { retryDelivery } from "./retry.ts";
import { deliveriesQuery, deliveryWire, deliveryWithAttempts } from "./schemas.ts";

const tags = ["Deliveries"];
const params = z.object({ id: resourceId });

const list = createRoute({
  method: "get",
  path: "/v1/deliveries",
  tags,
  summary: "List messages to customers, the newest first",
  ...secured("manage"),
  request: { query: deliveriesQuery },
  responses: { 200: json(pageOf(deliveryWire), "Deliveries"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/deliveries/{id}",
  tags,
  summary: "Read a delivery with its attempts",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(deliveryWithAttempts, "The delivery"), ...problems(404) },
});

const retry = createRoute({
  method: "post",
  path: "/v1/deliveries/{id}/retry",
  tags,
  summary: "Try a delivery again that failed or was skipped",
  description:
    "Consent, suppression and caps are looked at again. One that brings a voucher is refused: the voucher went back, " +
    "so publish again.",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(deliveryWire, "The delivery, queued"), ...problems(404, 409) },
});

export function deliveryRoutes({ db }: Deps) {
  return createRouter()
    .openapi(list, async (c) => c.json(await pageOfDeliveries(db, c.var.auth.projectId, c.req.valid("query")), 200))
    .openapi(read, async (c) => c.json(await readDelivery(db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(retry, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const row = await inTransaction(c, async (tx) => {
        await retryDelivery(tx, projectId, id, new Date());
        return findInLog(tx, projectId, id);
      });
      if (!row) throw notFound("delivery");
      return c.json(deliveryToWire(row), 200);
    });
}
