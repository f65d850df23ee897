import { createRoute, z } from "@hono/zod-openapi";
import { channelKinds } from "../channels/adapters.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { changeTemplate, createTemplate, deleteTemplate } from "./change.ts";
import { previewTemplate } from "./preview.ts";
import { findWithTexts, listVersions } from "./queries.ts";
import { pageOfTemplates, readTemplate } from "./read.ts";
import {
  createTemplateBody,
  previewBody,
  previewWire,
  templateWire,
  updateTemplateBody,
  versionWire,
} from "./schemas.ts";

const tags = ["Templates"];
const params = z.object({ id: resourceId });

const create = createRoute({
  method: "post",
  path: "/v1/templates",
  tags,
  summary: "Create a template",
  description:
    "What is said by channels of one kind, in Liquid, by language. In HTML every value is escaped. A part that cannot " +
    "be read, or speaks of what there is not, is refused with its line.",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(createTemplateBody) },
  responses: { 201: json(templateWire, "The template"), ...problems(409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/templates",
  tags,
  summary: "List templates, the newest first",
  ...secured("manage"),
  request: { query: z.strictObject({ ...listQuery, kind: z.enum(channelKinds).optional() }) },
  responses: { 200: json(pageOf(templateWire), "Templates"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/templates/{id}",
  tags,
  summary: "Read a template",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(templateWire, "The template"), ...problems(404) },
});

const versions = createRoute({
  method: "get",
  path: "/v1/templates/{id}/versions",
  tags,
  summary: "List what a template has said, the newest first",
  ...secured("manage"),
  request: { params, query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(versionWire), "Versions"), ...problems(404) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/templates/{id}",
  tags,
  summary: "Change a template",
  description: "Other texts are a new version. What was ordered before is sent in the words of its own.",
  ...secured("manage"),
  request: { params, body: jsonBody(updateTemplateBody) },
  responses: { 200: json(templateWire, "The template as it is now"), ...problems(404, 409) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/templates/{id}",
  tags,
  summary: "Delete a template",
  description: "What was ordered before is still sent.",
  ...secured("manage"),
  request: { params },
  responses: { 204: { description: "Deleted" }, ...problems(404) },
});

const preview = createRoute({
  method: "post",
  path: "/v1/templates/preview",
  tags,
  summary: "See what a customer would read",
  ...secured("manage"),
  request: { body: jsonBody(previewBody) },
  responses: { 200: json(previewWire, "The parts"), ...problems() },
});

export function templateRoutes({ db }: Deps) {
  return createRouter()
    .openapi(preview, async (c) => c.json(await previewTemplate(db, c.var.auth.projectId, c.req.valid("json")), 200))
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => ({
        status: 201,
        body: await createTemplate(tx, c.var.auth.projectId, c.req.valid("json"), new Date()),
      })),
    )
    .openapi(list, async (c) => c.json(await pageOfTemplates(db, c.var.auth.projectId, c.req.valid("query")), 200))
    .openapi(read, async (c) => c.json(await readTemplate(db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(versions, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const { limit, cursor } = c.req.valid("query");
      const before = readCursor(cursor, z.tuple([z.int().max(2 ** 31 - 1)]))?.[0];
      if (!(await findWithTexts(db, projectId, id))) throw notFound("template");
      const rows = await listVersions(db, projectId, id, { limit: limit + 1, before });
      return c.json(
        toPage(
          rows,
          limit,
          (row) => [row.version],
          ({ created_at, ...row }) => ({ ...row, created_at: created_at.toISOString() }),
        ),
        200,
      );
    })
    .openapi(change, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      return c.json(await inTransaction(c, (tx) => changeTemplate(tx, projectId, id, body, new Date())), 200);
    })
    .openapi(remove, async (c) => {
      const { projectId } = c.var.auth;
      await inTransaction(c, (tx) => deleteTemplate(tx, projectId, c.req.valid("param").id, new Date()));
      return c.body(null, 204);
    });
}
