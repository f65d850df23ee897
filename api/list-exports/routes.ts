import { Readable } from "node:stream";
import { createRoute, z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { newId } from "../ids.ts";
import { faultOfUrl } from "../outbound/url.ts";
import { readFile, sizeOfFile } from "./files.ts";
import { countExports, type ExportRow, findExport, insertExport, isSource, listExports } from "./queries.ts";
import { exportBody, exportWire, toExportWire } from "./schemas.ts";
import { exportPlace } from "./work.ts";

const tags = ["List exports"];
const params = z.object({ id: resourceId });
const most = { open: 5, kept: 50 };

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
      withIdempotency(c, async (tx) => {
        const row = await order(tx, deps, c.var.auth.projectId, c.req.valid("json"));
        return { status: 202, body: toExportWire(row) };
      }),
    )
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
      const rows = await listExports(deps.db, c.var.auth.projectId, { before, limit: limit + 1 });
      return c.json(
        toPage(rows, limit, (row) => [row.id], toExportWire),
        200,
      );
    })
    .openapi(read, async (c) => {
      const row = await findExport(deps.db, c.var.auth.projectId, c.req.valid("param").id);
      if (row === undefined) throw notFound("list export");
      return c.json(toExportWire(row), 200);
    })
    .openapi(download, async (c) => {
      const row = await findExport(deps.db, c.var.auth.projectId, c.req.valid("param").id);
      const isThere = row !== undefined && row.bytes_count !== null && row.file_deleted_at === null;
      const size = isThere ? await sizeOfFile(deps.dataDir, row) : undefined;
      if (row === undefined || size === undefined) throw notFound("file of this export");
      return c.body(Readable.toWeb(readFile(deps.dataDir, row)) as ReadableStream, 200, {
        "content-type": "text/csv; charset=utf-8",
        "content-length": String(size),
        "content-disposition": `attachment; filename="${row.id}.csv"`,
        "cache-control": "no-store",
      });
    });
}

type Body = z.output<typeof exportBody>;

async function order(
  tx: Transaction<DB>,
  { sealer, outbound }: Pick<Deps, "sealer" | "outbound">,
  projectId: string,
  body: Body,
): Promise<ExportRow> {
  await checkSources(tx, projectId, body);
  const to = body.to === "file" ? undefined : body.to;
  const fault = to && faultOfUrl(to.url, outbound);
  if (fault !== undefined) throw invalid("/to/url", `The URL ${fault}.`);
  const { open, kept } = await countExports(tx, projectId);
  if (open >= most.open) throw new Problem("conflict", `At most ${most.open} exports are unfinished at once.`);
  if (kept >= most.kept) throw new Problem("conflict", `At most ${most.kept} files are kept; each goes after 7 days.`);
  const id = newId("lex");
  const at = await databaseNow(tx);
  return insertExport(tx, {
    project_id: projectId,
    id,
    segment_id: body.segment_id ?? null,
    publication_job_id: body.publication_job_id ?? null,
    campaign_id: body.campaign_id ?? null,
    columns: body.columns,
    consent: body.consent ?? null,
    url: to === undefined ? null : sealer.seal(to.url, exportPlace(projectId, id)),
    url_origin: to === undefined ? null : new URL(to.url).origin,
    method: to?.method ?? null,
    status: "queued",
    due_at: at,
    created_at: at,
    updated_at: at,
  });
}

async function checkSources(tx: Transaction<DB>, projectId: string, body: Body): Promise<void> {
  const { segment_id, publication_job_id, campaign_id, columns } = body;
  if ((segment_id === undefined) === (publication_job_id === undefined)) {
    throw invalid("", "Name a segment_id or a publication_job_id, and not both.");
  }
  const asksForCodes = columns.some((column) => column.startsWith("code"));
  if (segment_id !== undefined && asksForCodes && campaign_id === undefined) {
    throw invalid("/campaign_id", "Name the campaign whose codes are meant.");
  }
  if (publication_job_id !== undefined && campaign_id !== undefined) {
    throw invalid("/campaign_id", "A publication job has its own campaign.");
  }
  const named = [
    ["segment", segment_id],
    ["publication_job", publication_job_id],
    ["campaign", campaign_id],
  ] as const;
  for (const [table, id] of named) {
    if (id !== undefined && !(await isSource(tx, projectId, table, id))) {
      throw invalid(`/${table}_id`, `There is no such ${table.replace("_", " ")}.`);
    }
  }
}
