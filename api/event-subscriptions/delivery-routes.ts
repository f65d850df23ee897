import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { json, jsonBody, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { pageOfEventDeliveries, readEventDelivery, readReplay } from "./read.ts";
import { deliveriesQuery, deliveryWire, replayBody, replayWire } from "./schemas.ts";
import { orderReplay, redeliver } from "./send-again.ts";

const tags = ["Event subscriptions"];
const params = z.object({ id: resourceId });
const deliveryParams = z.object({ id: resourceId, event_id: resourceId });
const replayParams = z.object({ id: resourceId, replay_id: resourceId });

const list = createRoute({
  method: "get",
  path: "/v1/event-subscriptions/{id}/deliveries",
  tags,
  summary: "List what was sent to an event subscription, with every attempt",
  description: "Delivered ones are kept for 7 days, others for 30.",
  ...secured("manage"),
  request: {
    params,
    query: deliveriesQuery,
  },
  responses: { 200: json(pageOf(deliveryWire), "Deliveries, newest first"), ...problems(404) },
});

const read = createRoute({
  method: "get",
  path: "/v1/event-subscriptions/{id}/deliveries/{event_id}",
  tags,
  summary: "Read what became of one event",
  ...secured("manage"),
  request: { params: deliveryParams },
  responses: { 200: json(deliveryWire, "The delivery"), ...problems(404) },
});

const again = createRoute({
  method: "post",
  path: "/v1/event-subscriptions/{id}/deliveries/{event_id}/redeliver",
  tags,
  summary: "Send one event again",
  description: "At once, under the same webhook-id, also when it was delivered. Events are kept for 7 days.",
  ...secured("manage"),
  request: { params: deliveryParams },
  responses: { 202: json(deliveryWire, "It waits to be sent"), ...problems(404, 409) },
});

const replay = createRoute({
  method: "post",
  path: "/v1/event-subscriptions/{id}/replay",
  tags,
  summary: "Send the events of a range of time again",
  description:
    "Those that were recorded from `from` on and before `to` and that the subscription asks for, also from before it was " +
    "made. Events are kept for 7 days. At most 100,000, one replay at a time.",
  ...secured("manage"),
  request: { params, body: jsonBody(replayBody) },
  responses: { 202: json(replayWire, "The replay"), ...problems(404, 409) },
});

const readOneReplay = createRoute({
  method: "get",
  path: "/v1/event-subscriptions/{id}/replays/{replay_id}",
  tags,
  summary: "Read how far a replay is",
  ...secured("manage"),
  request: { params: replayParams },
  responses: { 200: json(replayWire, "The replay"), ...problems(404) },
});

export function eventDeliveryRoutes(deps: Deps) {
  return createRouter()
    .openapi(list, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await pageOfEventDeliveries(deps.db, c.var.auth.projectId, id, c.req.valid("query")), 200);
    })
    .openapi(read, async (c) => {
      const { id, event_id } = c.req.valid("param");
      return c.json(await readEventDelivery(deps.db, c.var.auth.projectId, id, event_id), 200);
    })
    .openapi(again, async (c) => {
      const { id, event_id } = c.req.valid("param");
      return c.json(await inTransaction(c, (tx) => redeliver(tx, c.var.auth, id, event_id)), 202);
    })
    .openapi(replay, async (c) => {
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      return c.json(await inTransaction(c, (tx) => orderReplay(tx, c.var.auth, id, body)), 202);
    })
    .openapi(readOneReplay, async (c) => {
      const { id, replay_id } = c.req.valid("param");
      return c.json(await readReplay(deps.db, c.var.auth.projectId, id, replay_id), 200);
    });
}
