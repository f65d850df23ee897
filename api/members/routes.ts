import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { rotateBody } from "../keys/schemas.ts";
import { changeMember, createMember, removeMember, rotateMemberKey } from "./change.ts";
import { listMembers, readMember } from "./list.ts";
import { memberBody, memberPatch, memberWire, memberWithKeyWire } from "./schemas.ts";
import { withoutText } from "./wire.ts";

const tags = ["Members"];
const params = z.object({ id: resourceId });

const create = createRoute({
  method: "post",
  path: "/v1/members",
  tags,
  summary: "Add a person, with a key of their own",
  description:
    "The person signs in to the console with the key, and may do with it what the role allows. Its text is shown once; only its digest is kept.",
  ...secured("admin"),
  request: { headers: idempotencyHeaders, body: jsonBody(memberBody) },
  responses: { 201: json(memberWithKeyWire, "The member with the key's text"), ...problems(409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/members",
  tags,
  summary: "List the project's people",
  ...secured("admin"),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(memberWire), "Members, newest first"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/members/{id}",
  tags,
  summary: "Read a member",
  ...secured("admin"),
  request: { params },
  responses: { 200: json(memberWire, "The member"), ...problems(404) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/members/{id}",
  tags,
  summary: "Change a member's name, e-mail address or role",
  description:
    "A new role holds at once, for sessions within seconds. The last owner's role cannot be changed (409 `last_owner`).",
  ...secured("admin"),
  request: { params, body: jsonBody(memberPatch) },
  responses: { 200: json(memberWire, "The member as it is now"), ...problems(404, 409) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/members/{id}",
  tags,
  summary: "Remove a member",
  description:
    "The member's keys are revoked with it, sessions end within seconds. The last owner cannot be removed (409 `last_owner`).",
  ...secured("admin"),
  request: { params },
  responses: { 204: { description: "Removed" }, ...problems(404, 409) },
});

const rotate = createRoute({
  method: "post",
  path: "/v1/members/{id}/rotate-key",
  tags,
  summary: "Give a member a new key",
  description: "For a key that was lost or seen. The earlier ones end after `grace_seconds`.",
  ...secured("admin"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(rotateBody) },
  responses: { 201: json(memberWithKeyWire, "The member with the new key's text"), ...problems(404, 422) },
});

export function memberRoutes({ db }: Deps) {
  return createRouter()
    .openapi(create, (c) =>
      withIdempotency(
        c,
        async (tx) => ({
          status: 201,
          body: await createMember(tx, c.var.auth.projectId, c.req.valid("json"), new Date()),
        }),
        withoutText,
      ),
    )
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      return c.json(await listMembers(db, c.var.auth.projectId, { limit, cursor }), 200);
    })
    .openapi(read, async (c) => c.json(await readMember(db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      const { value, keyIds } = await inTransaction(c, (tx) =>
        changeMember(tx, c.var.auth.projectId, id, body, new Date()),
      );
      for (const keyId of keyIds) c.var.keyRing.forget(keyId);
      return c.json(value, 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      const keyIds = await inTransaction(c, (tx) => removeMember(tx, c.var.auth.projectId, id));
      for (const keyId of keyIds) c.var.keyRing.forget(keyId);
      return c.body(null, 204);
    })
    .openapi(rotate, async (c) => {
      const { id } = c.req.valid("param");
      const { grace_seconds: graceSeconds } = c.req.valid("json");
      let ended: readonly string[] = [];
      const answer = await withIdempotency(
        c,
        async (tx) => {
          const { value, keyIds } = await rotateMemberKey(tx, c.var.auth.projectId, id, graceSeconds);
          ended = keyIds;
          return { status: 201, body: value };
        },
        withoutText,
      );
      for (const keyId of ended) c.var.keyRing.forget(keyId);
      return answer;
    });
}
