import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { secured } from "../../http/auth.ts";
import { notFound } from "../../http/problem.ts";
import { createRouter } from "../../http/router.ts";
import { type DownloadedRow, sendRows } from "../../http/row-download.ts";
import { idempotencyHeaders, json, problems, resourceId } from "../../http/schemas.ts";
import { findImport, listErrors } from "./queries.ts";
import { receiveImport } from "./receive.ts";
import { importToWire, importWire } from "./wire.ts";

const tags = ["Voucher imports"];
const params = z.object({ id: resourceId });
const files = { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } };

const importRoute = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/vouchers/import",
  tags,
  summary: "Import vouchers from a file",
  description:
    "CSV, the first line naming the columns, or NDJSON: code, customer_identifier, kind, redemptions_max, balance_amount, " +
    "starts_at, expires_at, metadata. At most 512 MiB, 5,000,000 rows, 64 KiB a line. A bad row is reported, the others go in.",
  ...secured("manage", { body: "raw" }),
  request: { params, headers: idempotencyHeaders, body: { required: true as const, content: files } },
  responses: { 202: json(importWire, "The import, running"), ...problems(404, 409, 422, 503) },
});

const getImportRoute = createRoute({
  method: "get",
  path: "/v1/imports/{id}",
  tags,
  summary: "Read an import and its progress",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(importWire, "The import"), ...problems(404) },
});

const getErrorsRoute = createRoute({
  method: "get",
  path: "/v1/imports/{id}/errors",
  tags,
  summary: "Download what was wrong with an import's rows",
  description: "CSV, or NDJSON when `Accept` says so: line, field, reason.",
  ...secured("manage"),
  request: { params },
  responses: { 200: { description: "One bad row a line", content: files }, ...problems(404) },
});

const pageSize = 5_000;

export function voucherImportRoutes({ db }: Deps) {
  const router = createRouter();

  router.openapi(importRoute, (c) => receiveImport(c, c.req.valid("param").id));

  router.openapi(getImportRoute, async (c) => {
    const row = await findImport(db, c.var.auth.projectId, c.req.valid("param").id);
    if (!row) throw notFound("import");
    return c.json(importToWire(row), 200);
  });

  router.openapi(getErrorsRoute, async (c) => {
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    if (!(await findImport(db, projectId, id))) throw notFound("import");
    let after: number | undefined = 0;
    const nextPage = async (): Promise<DownloadedRow[] | undefined> => {
      if (after === undefined) return undefined;
      const rows = await listErrors(db, projectId, id, after, pageSize);
      after = rows.length === pageSize ? rows.at(-1)?.line : undefined;
      return rows;
    };
    return sendRows(c, `errors-${id}`, ["line", "field", "reason"], nextPage);
  });

  return router;
}
