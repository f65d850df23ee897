import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { sendRows } from "../http/row-download.ts";
import { idempotencyHeaders, json, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { findImport, listImports } from "./queries.ts";
import { errorColumns, errorPages } from "./read.ts";
import { receiveImport } from "./receive.ts";
import { importToWire, importWire } from "./wire.ts";

const tags = ["Imports"];
const params = z.object({ id: resourceId });
const rows = { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } };
const files = { ...rows, "application/vnd.apache.parquet": { schema: z.string().openapi({ format: "binary" }) } };

const importRoute = createRoute({
  method: "post",
  path: "/v1/import/{kind}",
  tags,
  summary: "Import customers, orders, events or redemptions from a file",
  description:
    "NDJSON in the shapes of the API, CSV with a first line that names the columns, or Parquet. Keeps `occurred_at`. " +
    "At most 512 MiB, 5,000,000 rows, 64 KiB a line. A bad row is reported, the others go in; a row that was imported " +
    "before changes nothing.",
  ...secured("import", { body: "raw" }),
  request: {
    params: z.object({ kind: z.enum(["customers", "orders", "events", "redemptions"]) }),
    headers: idempotencyHeaders,
    body: { required: true as const, content: files },
  },
  responses: { 202: json(importWire, "The import, running"), ...problems(404, 409, 422, 503) },
});

const listRoute = createRoute({
  method: "get",
  path: "/v1/imports",
  tags,
  summary: "List imports",
  ...secured(["import", "manage"]),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(importWire), "Imports of all kinds, the newest first"), ...problems() },
});

const getRoute = createRoute({
  method: "get",
  path: "/v1/imports/{id}",
  tags,
  summary: "Read an import and its progress",
  ...secured(["import", "manage"]),
  request: { params },
  responses: { 200: json(importWire, "The import"), ...problems(404) },
});

const errorsRoute = createRoute({
  method: "get",
  path: "/v1/imports/{id}/errors",
  tags,
  summary: "Download what was wrong with an import's rows",
  description: "CSV, or NDJSON when `Accept` says so: line, field, reason.",
  ...secured(["import", "manage"]),
  request: { params },
  responses: { 200: { description: "One bad row a line", content: rows }, ...problems(404) },
});

export function importRoutes({ db }: Deps) {
  const router = createRouter();

  router.openapi(importRoute, (c) => receiveImport(c, c.req.valid("param").kind));

  router.openapi(listRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
    const found = await listImports(db, c.var.auth.projectId, before, limit);
    return c.json(
      toPage(found, limit, (row) => [row.id], importToWire),
      200,
    );
  });

  router.openapi(getRoute, async (c) => {
    const row = await findImport(db, c.var.auth.projectId, c.req.valid("param").id);
    if (!row) throw notFound("import");
    return c.json(importToWire(row), 200);
  });

  router.openapi(errorsRoute, async (c) => {
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    if (!(await findImport(db, projectId, id))) throw notFound("import");
    return sendRows(c, `errors-${id}`, errorColumns, errorPages(db, projectId, id));
  });

  return router;
}
