import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { makeKey, revokeKey, rotateKey, withoutText } from "./change.ts";
import { listKeys, readKey } from "./list.ts";
import { createdKeyWire, keyBody, keyWire, rotateBody } from "./schemas.ts";

const tags = ["Keys and projects"];
const params = z.object({ id: resourceId });

const create = createRoute({
  method: "post",
  path: "/v1/keys",
  tags,
  summary: "Create a key",
  description: "The text is shown once; only its digest is kept.",
  ...secured("admin"),
  request: { headers: idempotencyHeaders, body: jsonBody(keyBody) },
  responses: { 201: json(createdKeyWire, "The key with its text"), ...problems(422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/keys",
  tags,
  summary: "List the project's keys",
  ...secured("admin"),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(keyWire), "Keys, newest first"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/keys/{id}",
  tags,
  summary: "Read a key",
  ...secured("admin"),
  request: { params },
  responses: { 200: json(keyWire, "The key, without its text"), ...problems(404) },
});

const revoke = createRoute({
  method: "delete",
  path: "/v1/keys/{id}",
  tags,
  summary: "Revoke a key",
  description:
    "Holds at once in the process that answers, within 5 seconds in others. A key cannot revoke itself; a member's key ends with the member.",
  ...secured("admin"),
  request: { params },
  responses: { 204: { description: "Revoked" }, ...problems(404, 409) },
});

const rotate = createRoute({
  method: "post",
  path: "/v1/keys/{id}/rotate",
  tags,
  summary: "Replace a key's text",
  description: "Makes a key with the same name, scopes and origins. The old one ends after `grace_seconds`.",
  ...secured("admin"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(rotateBody) },
  responses: { 201: json(createdKeyWire, "The new key with its text"), ...problems(404, 409, 422) },
});

export function keyRoutes(deps: Deps) {
  return createRouter()
    .openapi(create, (c) =>
      withIdempotency(
        c,
        async (tx) => ({ status: 201, body: await makeKey(tx, c.var.auth.projectId, c.req.valid("json")) }),
        withoutText,
      ),
    )
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      return c.json(await listKeys(deps.db, c.var.auth.projectId, { limit, cursor }), 200);
    })
    .openapi(read, async (c) => c.json(await readKey(deps.db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(revoke, async (c) => {
      const { id } = c.req.valid("param");
      const { projectId, keyId } = c.var.auth;
      await inTransaction(c, (tx) => revokeKey(tx, projectId, keyId, id));
      c.var.keyRing.forget(id);
      return c.body(null, 204);
    })
    .openapi(rotate, async (c) => {
      const { id } = c.req.valid("param");
      const { grace_seconds: graceSeconds } = c.req.valid("json");
      const answer = await withIdempotency(
        c,
        async (tx) => ({ status: 201, body: await rotateKey(tx, c.var.auth.projectId, id, graceSeconds) }),
        withoutText,
      );
      c.var.keyRing.forget(id);
      return answer;
    });
}
