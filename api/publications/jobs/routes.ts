import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { secured } from "../../http/auth.ts";
import { withIdempotency } from "../../http/idempotency.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { readCursor, toPage } from "../../http/pagination.ts";
import { notFound } from "../../http/problem.ts";
import { createRouter } from "../../http/router.ts";
import { idempotencyHeaders, json, jsonBody, pageOf, problems, resourceId } from "../../http/schemas.ts";
import { createJob, findJob, jobToWire, listJobs, type Move, moveJob } from "./jobs.ts";
import { receiveJob } from "./receive.ts";
import { createJobBody, importQuery, jobWire, listJobsQuery } from "./schemas.ts";

const tags = ["Publication jobs"];
const params = z.object({ id: resourceId });

const createJobRoute = createRoute({
  method: "post",
  path: "/v1/publication-jobs",
  tags,
  summary: "Hand a voucher to each of many customers",
  description: "To the members that a segment has now, or to those who are named. Each gets one voucher of the job.",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(createJobBody) },
  responses: { 202: json(jobWire, "The job, running"), ...problems(404, 409, 422) },
});

const importRoute = createRoute({
  method: "post",
  path: "/v1/publication-jobs/import",
  tags,
  summary: "Hand a voucher to each customer of a file",
  description:
    "CSV with the header `customer`, or NDJSON: identifiers. At most 256 MiB and 1,000,000 rows. A row that cannot be " +
    "read is counted and named; the others get theirs. Nothing is handed out before the file has come whole.",
  ...secured("manage", { body: "raw" }),
  request: {
    query: importQuery,
    headers: idempotencyHeaders,
    body: {
      required: true as const,
      content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
    },
  },
  responses: { 202: json(jobWire, "The job, running"), ...problems(404, 409, 422) },
});

const listRoute = createRoute({
  method: "get",
  path: "/v1/publication-jobs",
  tags,
  summary: "List publication jobs, the newest first",
  ...secured("manage"),
  request: { query: listJobsQuery },
  responses: { 200: json(pageOf(jobWire), "Jobs"), ...problems() },
});

const getRoute = createRoute({
  method: "get",
  path: "/v1/publication-jobs/{id}",
  tags,
  summary: "Read a publication job and its progress",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(jobWire, "The job"), ...problems(404) },
});

function moveRoute<M extends Move>(move: M, summary: string) {
  return createRoute({
    method: "post",
    path: `/v1/publication-jobs/{id}/${move}`,
    tags,
    summary,
    ...secured("manage"),
    request: { params, headers: idempotencyHeaders },
    responses: { 200: json(jobWire, "The job as it is now"), ...problems(404, 409, 422) },
  });
}
const moveRoutes = {
  pause: moveRoute("pause", "Pause a publication job"),
  resume: moveRoute("resume", "Go on with a publication job where it stood"),
  cancel: moveRoute("cancel", "End a publication job; what was handed out stays"),
};

export function publicationJobRoutes({ db }: Deps) {
  const router = createRouter();

  router.openapi(createJobRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 202,
      body: await createJob(tx, c.var.auth.projectId, c.req.valid("json"), await databaseNow(tx)),
    })),
  );

  router.openapi(importRoute, (c) => receiveJob(c, c.req.valid("query")));

  router.openapi(listRoute, async (c) => {
    const { limit, cursor, campaign_id } = c.req.valid("query");
    const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
    const rows = await listJobs(db, c.var.auth.projectId, campaign_id, { limit: limit + 1, before });
    return c.json(
      toPage(rows, limit, (row) => [row.id], jobToWire),
      200,
    );
  });

  router.openapi(getRoute, async (c) => {
    const row = await findJob(db, c.var.auth.projectId, c.req.valid("param").id);
    if (!row) throw notFound("publication job");
    return c.json(jobToWire(row), 200);
  });

  for (const [move, route] of Object.entries(moveRoutes) as [Move, (typeof moveRoutes)["pause"]][]) {
    router.openapi(route, (c) =>
      withIdempotency(c, async (tx) => ({
        status: 200,
        body: await moveJob(tx, c.var.auth.projectId, c.req.valid("param").id, move, await databaseNow(tx)),
      })),
    );
  }

  return router;
}
