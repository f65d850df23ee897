import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { instant, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { newId } from "../ids.ts";
import { lockForChange } from "./change.ts";
import {
  findDelivery,
  findReplay,
  findSubscription,
  insertReplay,
  isReplaying,
  listDeliveries,
  sendAgain,
} from "./queries.ts";
import { addReplayJob } from "./replay.ts";
import { deliveryWire, replayBody, replayWire, toDeliveryWire, toReplayWire } from "./schemas.ts";
import { faultOfPattern } from "./types.ts";

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
    query: z.strictObject({
      ...listQuery,
      status: z.enum(["waiting", "sending", "delivered", "failed"]).optional(),
      type: z.string().min(1).max(100).optional(),
      from: instant.optional(),
      to: instant.optional(),
    }),
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

const readReplay = createRoute({
  method: "get",
  path: "/v1/event-subscriptions/{id}/replays/{replay_id}",
  tags,
  summary: "Read how far a replay is",
  ...secured("manage"),
  request: { params: replayParams },
  responses: { 200: json(replayWire, "The replay"), ...problems(404) },
});

/** Microseconds since 1970 and the event. */
const timeCursor = z.tuple([z.int().min(0).max(4_000_000_000_000_000), z.string()]);

export function eventDeliveryRoutes(deps: Deps) {
  return createRouter()
    .openapi(list, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const { limit, cursor, status, type, from, to } = c.req.valid("query");
      const before = readCursor(cursor, timeCursor);
      if ((await findSubscription(deps.db, projectId, id)) === undefined) throw notFound("event subscription");
      const dateOf = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
      const filter = { status, type, from: dateOf(from), to: dateOf(to) };
      const rows = await listDeliveries(deps.db, projectId, id, filter, { before, limit: limit + 1 });
      return c.json(
        toPage(rows, limit, (row) => [row.sort_at, row.event_id], toDeliveryWire),
        200,
      );
    })
    .openapi(read, async (c) => {
      const { id, event_id } = c.req.valid("param");
      const row = await findDelivery(deps.db, c.var.auth.projectId, id, event_id);
      if (row === undefined || (await findSubscription(deps.db, c.var.auth.projectId, id)) === undefined) {
        throw notFound("delivery");
      }
      return c.json(toDeliveryWire(row), 200);
    })
    .openapi(again, async (c) => {
      const { projectId } = c.var.auth;
      const { id, event_id } = c.req.valid("param");
      const row = await inTransaction(c, async (tx) => {
        await lockForChange(tx, c.var.auth, id);
        const sent = await sendAgain(tx, projectId, id, event_id, await databaseNow(tx));
        if (sent !== undefined) return sent;
        if ((await findDelivery(tx, projectId, id, event_id)) === undefined) throw notFound("delivery");
        throw new Problem("conflict", "It is being sent at this moment: see what comes of it first.");
      });
      return c.json(toDeliveryWire(row), 202);
    })
    .openapi(replay, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const { from, to, types } = c.req.valid("json");
      if (new Date(from) >= new Date(to)) throw invalid("/to", "The range ends before it begins.");
      const row = await inTransaction(c, async (tx) => {
        const subscription = await lockForChange(tx, c.var.auth, id);
        types?.forEach((type, at) => {
          const fault = faultOfPattern(type, subscription.with_risk);
          if (fault !== undefined) throw invalid(`/types/${at}`, fault);
        });
        if (await isReplaying(tx, projectId, id)) throw new Problem("conflict", "A replay of it is running.");
        const made = await insertReplay(tx, {
          project_id: projectId,
          id: newId("erp"),
          subscription_id: id,
          from_at: new Date(from),
          to_at: new Date(to),
          types: types ?? null,
          at: await databaseNow(tx),
        });
        await addReplayJob(tx, projectId, made.id);
        return made;
      });
      return c.json(toReplayWire(row), 202);
    })
    .openapi(readReplay, async (c) => {
      const { id, replay_id } = c.req.valid("param");
      const row = await findReplay(deps.db, c.var.auth.projectId, id, replay_id);
      if (row === undefined) throw notFound("replay");
      return c.json(toReplayWire(row), 200);
    });
}
