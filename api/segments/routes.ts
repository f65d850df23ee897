import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { changeSegment, createSegment, deleteSegment } from "./change.ts";
import { addMembers, removeMembers } from "./members.ts";
import { findSegment, listMembers, listSegments } from "./queries.ts";
import {
  enteredWire,
  leftWire,
  membersBody,
  memberWire,
  segmentBody,
  segmentPatch,
  segmentWire,
  toSegmentWire,
} from "./schemas.ts";

const tags = ["Segments"];
const params = z.object({ id: resourceId });

const create = createRoute({
  method: "post",
  path: "/v1/segments",
  tags,
  summary: "Create a segment",
  description: 'Rules see it by its name: `{ "on": "customer.segments", "op": "any_of", "value": ["vip"] }`.',
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(segmentBody) },
  responses: { 201: json(segmentWire, "The segment"), ...problems(409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/segments",
  tags,
  summary: "List segments",
  ...secured(["manage", "analytics"]),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(segmentWire), "Segments, newest first"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/segments/{id}",
  tags,
  summary: "Read a segment",
  ...secured(["manage", "analytics"]),
  request: { params },
  responses: { 200: json(segmentWire, "The segment"), ...problems(404) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/segments/{id}",
  tags,
  summary: "Rename a segment",
  description: "Rules that name it by its old name do not find it any more.",
  ...secured("manage"),
  request: { params, body: jsonBody(segmentPatch) },
  responses: { 200: json(segmentWire, "The segment as it is now"), ...problems(404, 409) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/segments/{id}",
  tags,
  summary: "Delete a segment",
  description: "Every member leaves it.",
  ...secured("manage"),
  request: { params },
  responses: { 204: { description: "Deleted" }, ...problems(404) },
});

const members = createRoute({
  method: "get",
  path: "/v1/segments/{id}/members",
  tags,
  summary: "List a segment's members",
  ...secured(["manage", "analytics"]),
  request: { params, query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(memberWire), "Members, by the age of the customer"), ...problems(404) },
});

const enter = createRoute({
  method: "post",
  path: "/v1/segments/{id}/members",
  tags,
  summary: "Put customers into a segment",
  description: "At most 1,000 in a request. Who is in it stays; who was never seen before is created.",
  ...secured("manage"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(membersBody) },
  responses: { 200: json(enteredWire, "How many entered"), ...problems(404, 422) },
});

const leave = createRoute({
  method: "post",
  path: "/v1/segments/{id}/members/remove",
  tags,
  summary: "Take customers out of a segment",
  description: "At most 1,000 in a request. Who is not in it is passed over.",
  ...secured("manage"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(membersBody) },
  responses: { 200: json(leftWire, "How many left"), ...problems(404, 422) },
});

const idCursor = z.tuple([z.string()]);

export function segmentRoutes(deps: Deps) {
  return createRouter()
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => {
        const { name } = c.req.valid("json");
        return { status: 201, body: await createSegment(tx, c.var.auth.projectId, name, await databaseNow(tx)) };
      }),
    )
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const before = readCursor(cursor, idCursor)?.[0];
      const rows = await listSegments(deps.db, c.var.auth.projectId, { before, limit: limit + 1 });
      return c.json(
        toPage(rows, limit, (row) => [row.id], toSegmentWire),
        200,
      );
    })
    .openapi(read, async (c) => {
      const row = await findSegment(deps.db, c.var.auth.projectId, c.req.valid("param").id);
      if (!row) throw notFound("segment");
      return c.json(toSegmentWire(row), 200);
    })
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      const segment = await inTransaction(c, async (tx) =>
        changeSegment(tx, c.var.auth.projectId, id, body, await databaseNow(tx)),
      );
      return c.json(segment, 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      await inTransaction(c, async (tx) => deleteSegment(tx, c.var.auth.projectId, id, await databaseNow(tx)));
      return c.body(null, 204);
    })
    .openapi(members, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const { limit, cursor } = c.req.valid("query");
      const after = readCursor(cursor, idCursor)?.[0];
      if (!(await findSegment(deps.db, projectId, id))) throw notFound("segment");
      const rows = await listMembers(deps.db, projectId, id, { after, limit: limit + 1 });
      return c.json(
        toPage(
          rows,
          limit,
          (row) => [row.customer_id],
          (row) => ({ identifier: row.identifier, entered_at: row.entered_at.toISOString() }),
        ),
        200,
      );
    })
    .openapi(enter, (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        const { customers } = c.req.valid("json");
        const body = await addMembers(tx, c.var.auth.projectId, id, customers, await databaseNow(tx));
        return { status: 200, body };
      }),
    )
    .openapi(leave, (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        const { customers } = c.req.valid("json");
        const body = await removeMembers(tx, c.var.auth.projectId, id, customers, await databaseNow(tx));
        return { status: 200, body };
      }),
    );
}
