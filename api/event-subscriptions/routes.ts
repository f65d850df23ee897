import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { createRouter } from "../http/router.ts";
import { json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import {
  changeSubscription,
  createSubscription,
  deleteSubscription,
  rotateSecret,
  testSubscription,
} from "./change.ts";
import { pageOfSubscriptions, readSubscription } from "./read.ts";
import {
  newSubscriptionWire,
  rotateBody,
  subscriptionBody,
  subscriptionPatch,
  subscriptionWire,
  testWire,
  toSubscriptionWire,
} from "./schemas.ts";

const tags = ["Event subscriptions"];
const params = z.object({ id: resourceId });

const create = createRoute({
  method: "post",
  path: "/v1/event-subscriptions",
  tags,
  summary: "Subscribe to events",
  description:
    "Events are posted to the URL as they happen, signed after Standard Webhooks, at least once and in no promised order. " +
    "The secret is shown this once. At most 50 a project.",
  ...secured("manage"),
  request: { body: jsonBody(subscriptionBody) },
  responses: { 201: json(newSubscriptionWire, "The subscription and its secret"), ...problems(409) },
});

const list = createRoute({
  method: "get",
  path: "/v1/event-subscriptions",
  tags,
  summary: "List event subscriptions",
  ...secured("manage"),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(subscriptionWire), "Subscriptions, newest first"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/event-subscriptions/{id}",
  tags,
  summary: "Read an event subscription",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(subscriptionWire, "The subscription"), ...problems(404) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/event-subscriptions/{id}",
  tags,
  summary: "Change, disable or enable an event subscription",
  ...secured("manage"),
  request: { params, body: jsonBody(subscriptionPatch) },
  responses: { 200: json(subscriptionWire, "The subscription as it is now"), ...problems(404) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/event-subscriptions/{id}",
  tags,
  summary: "Delete an event subscription",
  description: "What waits for it is sent no more.",
  ...secured("manage"),
  request: { params },
  responses: { 204: { description: "Deleted" }, ...problems(404) },
});

const rotate = createRoute({
  method: "post",
  path: "/v1/event-subscriptions/{id}/rotate-secret",
  tags,
  summary: "Give an event subscription a new secret",
  description: "For `grace_seconds` messages carry the signatures of both. The secret is shown this once.",
  ...secured("manage"),
  request: { params, body: jsonBody(rotateBody) },
  responses: { 200: json(newSubscriptionWire, "The subscription and its new secret"), ...problems(404) },
});

const test = createRoute({
  method: "post",
  path: "/v1/event-subscriptions/{id}/test",
  tags,
  summary: "Send a test message to an event subscription",
  description: "Of the type `subscription.test`, once, and answers what came of it. It counts as no failure.",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(testWire, "What came of it"), ...problems(404, 409) },
});

export function eventSubscriptionRoutes(deps: Deps) {
  return createRouter()
    .openapi(create, async (c) => {
      const body = c.req.valid("json");
      // No idempotency key: the answer would be kept, and the secret with it.
      const made = await inTransaction(c, async (tx) =>
        createSubscription(tx, deps, c.var.auth, body, await databaseNow(tx)),
      );
      return c.json({ ...toSubscriptionWire(made.row), secret: made.secret }, 201);
    })
    .openapi(list, async (c) =>
      c.json(await pageOfSubscriptions(deps.db, c.var.auth.projectId, c.req.valid("query")), 200),
    )
    .openapi(read, async (c) =>
      c.json(await readSubscription(deps.db, c.var.auth.projectId, c.req.valid("param").id), 200),
    )
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      const patch = c.req.valid("json");
      const row = await inTransaction(c, async (tx) =>
        changeSubscription(tx, deps, c.var.auth, id, patch, await databaseNow(tx)),
      );
      return c.json(toSubscriptionWire(row), 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      await inTransaction(c, (tx) => deleteSubscription(tx, c.var.auth, id));
      return c.body(null, 204);
    })
    .openapi(rotate, async (c) => {
      const { id } = c.req.valid("param");
      const { grace_seconds } = c.req.valid("json");
      const made = await inTransaction(c, async (tx) =>
        rotateSecret(tx, deps, c.var.auth, id, grace_seconds, await databaseNow(tx)),
      );
      return c.json({ ...toSubscriptionWire(made.row), secret: made.secret }, 200);
    })
    .openapi(test, async (c) =>
      c.json(await testSubscription(deps, c.var.auth, c.req.valid("param").id, new Date()), 200),
    );
}
