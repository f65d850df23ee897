import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { sendRows } from "../http/row-download.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { batchToWire, cancelBatch, createBatch, findBatch, listBatches, resumeBatch } from "./batches.ts";
import { batchColumns, voucherPages } from "./export.ts";
import { batchWire, createBatchBody } from "./schemas.ts";

const tags = ["Voucher batches"];
const params = z.object({ id: resourceId });

const createBatchRoute = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/voucher-batches",
  tags,
  summary: "Have 1 to 5,000,000 vouchers made",
  description: "They are made in the background; the batch shows how many exist already.",
  ...secured("manage"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(createBatchBody) },
  responses: { 202: json(batchWire, "The batch, running"), ...problems(404, 409, 422) },
});

const listBatchesRoute = createRoute({
  method: "get",
  path: "/v1/voucher-batches",
  tags,
  summary: "List batches, the newest first",
  ...secured("manage"),
  request: { query: z.strictObject({ ...listQuery, campaign_id: resourceId.optional() }) },
  responses: { 200: json(pageOf(batchWire), "Batches"), ...problems() },
});

const getBatchRoute = createRoute({
  method: "get",
  path: "/v1/voucher-batches/{id}",
  tags,
  summary: "Read a batch and its progress",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(batchWire, "The batch"), ...problems(404) },
});

function changeRoute<V extends "cancel" | "resume">(verb: V, summary: string, description: string) {
  return createRoute({
    method: "post",
    path: `/v1/voucher-batches/{id}/${verb}`,
    tags,
    summary,
    description,
    ...secured("manage"),
    request: { params, headers: idempotencyHeaders },
    responses: { 200: json(batchWire, "The batch as it is now"), ...problems(404, 409, 422) },
  });
}
const cancelRoute = changeRoute(
  "cancel",
  "Stop making the vouchers of a batch",
  "The vouchers made so far stay as they are; `POST /v1/voucher-jobs` disables them. Resume makes the rest.",
);
const resumeRoute = changeRoute(
  "resume",
  "Go on with a batch that was cancelled or has failed",
  "Exactly the vouchers that are missing are made.",
);

const getCodesRoute = createRoute({
  method: "get",
  path: "/v1/voucher-batches/{id}/codes",
  tags,
  summary: "Download the codes of a batch",
  description: "CSV, or NDJSON when `Accept` says so. While the batch runs: the codes made so far.",
  ...secured("manage"),
  request: { params },
  responses: {
    200: {
      description: "One code a line, with its status, uses and expiry",
      content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
    },
    ...problems(404),
  },
});

export function voucherBatchRoutes(deps: Deps) {
  const router = createRouter();

  router.openapi(createBatchRoute, (c) =>
    withIdempotency(c, async (tx) => {
      const { id } = c.req.valid("param");
      return { status: 202, body: await createBatch(tx, c.var.auth.projectId, id, c.req.valid("json"), new Date()) };
    }),
  );

  router.openapi(listBatchesRoute, async (c) => {
    const { limit, cursor, campaign_id } = c.req.valid("query");
    const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
    const rows = await listBatches(deps.db, c.var.auth.projectId, { campaignId: campaign_id, before, limit });
    return c.json(
      toPage(rows, limit, (row) => [row.id], batchToWire),
      200,
    );
  });

  router.openapi(getBatchRoute, async (c) => {
    const row = await findBatch(deps.db, c.var.auth.projectId, c.req.valid("param").id);
    if (!row) throw notFound("voucher batch");
    return c.json(batchToWire(row), 200);
  });

  router.openapi(getCodesRoute, async (c) => {
    const { db } = deps;
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    if (!(await findBatch(db, projectId, id))) throw notFound("voucher batch");
    return sendRows(c, id, batchColumns, voucherPages(db, projectId, "batch_id", id, new Date()));
  });

  router.openapi(cancelRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 200,
      body: await cancelBatch(tx, c.var.auth.projectId, c.req.valid("param").id, new Date()),
    })),
  );

  router.openapi(resumeRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 200,
      body: await resumeBatch(tx, c.var.auth.projectId, c.req.valid("param").id, new Date()),
    })),
  );

  return router;
}
