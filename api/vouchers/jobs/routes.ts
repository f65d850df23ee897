import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { secured } from "../../http/auth.ts";
import { withIdempotency } from "../../http/idempotency.ts";
import { notFound } from "../../http/problem.ts";
import { createRouter } from "../../http/router.ts";
import { type DownloadedRow, sendRows } from "../../http/row-download.ts";
import { idempotencyHeaders, json, jsonBody, problems, resourceId } from "../../http/schemas.ts";
import { createJob, findJob, jobToWire, listJobErrors } from "./jobs.ts";
import { createJobBody, jobWire } from "./schemas.ts";

const tags = ["Voucher jobs"];
const params = z.object({ id: resourceId });

const createJobRoute = createRoute({
  method: "post",
  path: "/v1/voucher-jobs",
  tags,
  summary: "Disable, enable, expire or assign many vouchers",
  description: "Done in the background, in chunks; each voucher that changes is announced like one changed alone.",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(createJobBody) },
  responses: { 202: json(jobWire, "The job, running"), ...problems(404, 422) },
});

const getJobRoute = createRoute({
  method: "get",
  path: "/v1/voucher-jobs/{id}",
  tags,
  summary: "Read a job and its progress",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(jobWire, "The job"), ...problems(404) },
});

const getErrorsRoute = createRoute({
  method: "get",
  path: "/v1/voucher-jobs/{id}/errors",
  tags,
  summary: "Download which vouchers a job could not change, and why",
  description: "CSV, or NDJSON when `Accept` says so: code, reason.",
  ...secured("manage"),
  request: { params },
  responses: {
    200: {
      description: "One voucher a line",
      content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
    },
    ...problems(404),
  },
});

const pageSize = 5_000;

export function voucherJobRoutes({ db }: Deps) {
  const router = createRouter();

  router.openapi(createJobRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 202,
      body: await createJob(tx, c.var.auth.projectId, c.req.valid("json"), new Date()),
    })),
  );

  router.openapi(getJobRoute, async (c) => {
    const row = await findJob(db, c.var.auth.projectId, c.req.valid("param").id);
    if (!row) throw notFound("voucher job");
    return c.json(jobToWire(row), 200);
  });

  router.openapi(getErrorsRoute, async (c) => {
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    if (!(await findJob(db, projectId, id))) throw notFound("voucher job");
    let after: number | undefined = 0;
    const nextPage = async (): Promise<DownloadedRow[] | undefined> => {
      if (after === undefined) return undefined;
      const rows = await listJobErrors(db, projectId, id, after, pageSize);
      after = rows.length === pageSize ? rows.at(-1)?.position : undefined;
      return rows;
    };
    return sendRows(c, `errors-${id}`, ["code", "reason"], nextPage);
  });

  return router;
}
