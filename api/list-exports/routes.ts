import { Readable } from "node:stream";
import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { orderExport } from "./order.ts";
import { openExport, pageOfExports, readExport } from "./read.ts";
import { exportBody, exportWire } from "./schemas.ts";

const tags = ["List exports"];
const params = z.object({ id: resourceId });

const create = createRoute({
  method: "post",
  path: "/v1/list-exports",
  tags,
  summary: "Export the members of a segment or of a publication job as CSV",
  description:
    "Written to a file, and sent to a URL where one is given. Cells that a spreadsheet would run as a formula begin with " +
    "an apostrophe. At most 2,000,000 rows, 5 unfinished exports and 50 files a project.",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(exportBody) },
  responses: { 202: json(exportWire, "The export, which goes on"), ...problems(404, 409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/list-exports",
  tags,
  summary: "List exports of lists",
  ...secured("manage"),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(exportWire), "Exports, newest first"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/list-exports/{id}",
  tags,
  summary: "Read how far an export is",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(exportWire, "The export"), ...problems(404) },
});

const download = createRoute({
  method: "get",
  path: "/v1/list-exports/{id}/file",
  tags,
  summary: "Fetch the file of an export",
  ...secured("manage"),
  request: { params },
  responses: {
    200: { description: "The list", content: { "text/csv": { schema: z.string() } } },
    ...problems(404),
  },
});

export function listExportRoutes(deps: Deps) {
  return createRouter()
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => ({
        status: 202,
        body: await orderExport(tx, deps, c.var.auth.projectId, c.req.valid("json")),
      })),
    )
    .openapi(list, async (c) => c.json(await pageOfExports(deps.db, c.var.auth.projectId, c.req.valid("query")), 200))
    .openapi(read, async (c) => c.json(await readExport(deps.db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(download, async (c) => {
      const { file, headers } = await openExport(deps, c.var.auth.projectId, c.req.valid("param").id);
      return c.body(Readable.toWeb(file) as ReadableStream, 200, headers);
    });
}
