import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { rowFormat } from "../http/row-stream.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { changeSegment, createSegment } from "./change.ts";
import { deleteSegment } from "./delete.ts";
import { importMembers } from "./import-members.ts";
import { checkList, countMembers, enterList, leaveList } from "./members.ts";
import { previewSegment } from "./preview.ts";
import { findSegment, listMembers, listSegments } from "./queries.ts";
import { segmentFacts } from "./rules/facts.ts";
import {
  enteredWire,
  factsToWire,
  factsWire,
  importedWire,
  leftWire,
  membersBody,
  memberWire,
  previewBody,
  previewWire,
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
  description:
    'Without `rules` it is a list; with them its members are whoever fits, and follow every event. Rules of campaigns see it by its name: `{ "on": "customer.segments", "op": "any_of", "value": ["vip"] }`.',
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
  summary: "Rename a segment, or change its rules",
  description:
    "Rules that name it by its old name do not find it any more. By new rules everybody is looked at anew; until then members are as they were.",
  ...secured("manage"),
  request: { params, body: jsonBody(segmentPatch) },
  responses: { 200: json(segmentWire, "The segment as it is now"), ...problems(404, 409) },
});

const facts = createRoute({
  method: "get",
  path: "/v1/segments/facts",
  tags,
  summary: "What a segment can ask of customers",
  description: "Every fact with its type and operators, for who builds rules.",
  ...secured(["manage", "analytics"]),
  responses: { 200: json(factsWire, "The facts"), ...problems() },
});

const preview = createRoute({
  method: "post",
  path: "/v1/segments/preview",
  tags,
  summary: "Who would be in a segment with these rules",
  description: "Asks the warehouse, for ten seconds at most; what it found until then is the answer.",
  ...secured(["manage", "analytics"]),
  request: { body: jsonBody(previewBody) },
  responses: { 200: json(previewWire, "How many, and some of them"), ...problems(503) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/segments/{id}",
  tags,
  summary: "Delete a segment",
  description:
    "Every member leaves it. Where these are more than 1,000 they leave one after the other (202): `state` is `deleting` until the last one has.",
  ...secured("manage"),
  request: { params },
  responses: {
    202: json(segmentWire, "It is being deleted"),
    204: { description: "Deleted" },
    ...problems(404),
  },
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
  responses: { 200: json(enteredWire, "How many entered"), ...problems(404, 409, 422) },
});

const leave = createRoute({
  method: "post",
  path: "/v1/segments/{id}/members/remove",
  tags,
  summary: "Take customers out of a segment",
  description: "At most 1,000 in a request. Who is not in it is passed over.",
  ...secured("manage"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(membersBody) },
  responses: { 200: json(leftWire, "How many left"), ...problems(404, 409, 422) },
});

const importRoute = createRoute({
  method: "post",
  path: "/v1/segments/{id}/members/import",
  tags,
  summary: "Put a file of customers into a segment",
  description:
    'CSV with a first line `customer`, or NDJSON with `{"customer": …}`; at most 200,000 rows and 32 MiB. A row that is wrong is told by its line, all others go in; the same file again puts in nobody twice.',
  ...secured("manage", { body: "raw" }),
  request: {
    params,
    body: {
      required: true,
      content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
    },
  },
  responses: {
    200: json(importedWire, "How many entered, and which rows were wrong"),
    ...problems(404, 409, 413, 415),
  },
});

const idCursor = z.tuple([z.string()]);

export function segmentRoutes(deps: Deps) {
  return createRouter()
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => {
        const body = await createSegment(tx, c.var.auth.projectId, c.req.valid("json"), await databaseNow(tx));
        return { status: 201, body };
      }),
    )
    .openapi(facts, (c) => c.json(factsToWire(segmentFacts), 200))
    .openapi(preview, async (c) => {
      const { rules } = c.req.valid("json");
      return c.json(await previewSegment(deps, c.var.auth.projectId, rules, new Date()), 200);
    })
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
      const { projectId } = c.var.auth;
      const row = await inTransaction(c, async (tx) =>
        (await deleteSegment(tx, projectId, id, await databaseNow(tx))) === "deleting"
          ? findSegment(tx, projectId, id)
          : undefined,
      );
      return row === undefined ? c.body(null, 204) : c.json(toSegmentWire(row), 202);
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
    .openapi(importRoute, async (c) => {
      const { id } = c.req.valid("param");
      // Whether it is there comes before what was sent.
      await checkList(deps.db, c.var.auth.projectId, id);
      const upload = { body: c.req.raw.body, format: rowFormat(c.req.header("content-type")) };
      const imported = await importMembers(deps.db, c.var.auth.projectId, id, upload, (work) => inTransaction(c, work));
      return c.json(imported, 200);
    })
    .openapi(enter, (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        const { customers } = c.req.valid("json");
        const { projectId } = c.var.auth;
        const entered = await enterList(tx, projectId, id, customers, await databaseNow(tx));
        return { status: 200, body: { entered, members_count: await countMembers(tx, projectId, id) } };
      }),
    )
    .openapi(leave, (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        const { customers } = c.req.valid("json");
        const { projectId } = c.var.auth;
        const left = await leaveList(tx, projectId, id, customers, await databaseNow(tx));
        return { status: 200, body: { left, members_count: await countMembers(tx, projectId, id) } };
      }),
    );
}
