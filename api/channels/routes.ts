import { createRoute, z } from "@hono/zod-openapi";
import { takeBounce } from "../deliveries/take-bounces.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { adapterOf, channelKinds } from "./adapters.ts";
import { changeChannel, createChannel, deleteChannel } from "./change.ts";
import { findChannel } from "./find.ts";
import { pageOfChannels, readChannel } from "./read.ts";
import {
  bouncedWire,
  bouncesBody,
  channelWire,
  createChannelBody,
  testBody,
  testedWire,
  updateChannelBody,
} from "./schemas.ts";
import { tryChannel } from "./try-channel.ts";

const tags = ["Channels"];
const params = z.object({ id: resourceId });

const create = createRoute({
  method: "post",
  path: "/v1/channels",
  tags,
  summary: "Create a channel to reach customers by",
  description: "Credentials are stored sealed, and are in no answer, log or event.",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(createChannelBody) },
  responses: { 201: json(channelWire, "The channel"), ...problems(409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/channels",
  tags,
  summary: "List channels, the newest first",
  ...secured("manage"),
  request: { query: z.strictObject({ ...listQuery, kind: z.enum(channelKinds).optional() }) },
  responses: { 200: json(pageOf(channelWire), "Channels"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/channels/{id}",
  tags,
  summary: "Read a channel",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(channelWire, "The channel"), ...problems(404) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/channels/{id}",
  tags,
  summary: "Change a channel",
  description: "While it is not enabled nothing new is ordered; what was ordered waits for up to three days.",
  ...secured("manage"),
  request: { params, body: jsonBody(updateChannelBody) },
  responses: { 200: json(channelWire, "The channel as it is now"), ...problems(404, 409) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/channels/{id}",
  tags,
  summary: "Delete a channel",
  description: "Its deliveries stay; those that wait fail. Its credentials are gone at once.",
  ...secured("manage"),
  request: { params },
  responses: { 204: { description: "Deleted" }, ...problems(404) },
});

const test = createRoute({
  method: "post",
  path: "/v1/channels/{id}/test",
  tags,
  summary: "Send one message now, and see what the provider says",
  ...secured("manage"),
  request: { params, body: jsonBody(testBody) },
  responses: { 200: json(testedWire, "What became of it"), ...problems(404, 409, 429) },
});

const bounces = createRoute({
  method: "post",
  path: "/v1/channels/{id}/bounces",
  tags,
  summary: "Tell of addresses that bounced, and of people who complained",
  description:
    "What a provider tells later, from its webhook say. The addresses are suppressed, and deliveries that bounced say so. " +
    "The same again changes nothing.",
  ...secured("manage"),
  request: { params, body: jsonBody(bouncesBody) },
  responses: { 200: json(bouncedWire, "What became of them"), ...problems(404) },
});

export function channelRoutes(deps: Deps) {
  const { db } = deps;
  return createRouter()
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => ({
        status: 201,
        body: await createChannel(tx, deps, c.var.auth.projectId, c.req.valid("json"), new Date()),
      })),
    )
    .openapi(list, async (c) => c.json(await pageOfChannels(db, c.var.auth.projectId, c.req.valid("query")), 200))
    .openapi(read, async (c) => c.json(await readChannel(db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(change, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      const changed = await inTransaction(c, (tx) => changeChannel(tx, deps, projectId, id, body, new Date()));
      return c.json(changed, 200);
    })
    .openapi(remove, async (c) => {
      const { projectId } = c.var.auth;
      await inTransaction(c, (tx) => deleteChannel(tx, projectId, c.req.valid("param").id, new Date()));
      return c.body(null, 204);
    })
    .openapi(bounces, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const row = await findChannel(db, projectId, id);
      const adapter = row && adapterOf(row.kind);
      if (!adapter) throw notFound("channel");
      const all = c.req.valid("json").bounces;
      const result = { received: all.length, suppressed: 0, deliveries: 0, unknown: 0 };
      // One after the other: of two lists with the same addresses neither waits for the other in a circle.
      for (const bounce of all) {
        const taken = await inTransaction(c, (tx) => takeBounce(tx, projectId, { id, adapter }, bounce, new Date()));
        if (taken.outcome === "unknown") result.unknown += 1;
        if (taken.suppressed) result.suppressed += 1;
        if (taken.delivery) result.deliveries += 1;
      }
      return c.json(result, 200);
    })
    .openapi(test, async (c) => {
      const asked = c.req.valid("json");
      const outcome = await tryChannel(deps, c.var.auth.projectId, c.req.valid("param").id, asked, new Date());
      return c.json(
        {
          outcome: outcome.outcome,
          reason: outcome.outcome === "sent" ? null : outcome.reason,
          provider_id: outcome.outcome === "sent" ? outcome.providerId : null,
        },
        200,
      );
    });
}
