import { createRoute, z } from "@hono/zod-openapi";
import { findCampaign } from "../campaigns/find.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow, occurredAt } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { sendRows } from "../http/row-download.ts";
import {
  idempotencyHeaders,
  json,
  jsonBody,
  listQuery,
  pageOf,
  problems,
  resourceId,
  typedCode,
} from "../http/schemas.ts";
import { publicationWire } from "../publications/schemas.ts";
import { assignVoucher, disableVoucher, enableVoucher, topUpVoucher } from "./change.ts";
import { createVoucher } from "./create.ts";
import { campaignColumns, voucherPages } from "./export.ts";
import { publishVoucher } from "./publish.ts";
import { listVouchers } from "./queries.ts";
import { assignBody, createVoucherBody, publishBody, topUpBody, voucherWire } from "./schemas.ts";
import { readVoucher } from "./search.ts";
import { toWire } from "./wire.ts";

const tags = ["Vouchers"];
const campaignParams = z.object({ id: resourceId });
const voucherParams = z.object({ code: typedCode });

const createVoucherRoute = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/vouchers",
  tags,
  summary: "Create one voucher in a sub-campaign",
  ...secured("manage"),
  request: { params: campaignParams, headers: idempotencyHeaders, body: jsonBody(createVoucherBody) },
  responses: { 201: json(voucherWire, "The voucher"), ...problems(404, 409, 422) },
});

const listVouchersRoute = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/vouchers",
  tags,
  summary: "List a campaign's vouchers, the newest first",
  ...secured("manage"),
  request: { params: campaignParams, query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(voucherWire), "Vouchers"), ...problems(404) },
});

const getVoucherRoute = createRoute({
  method: "get",
  path: "/v1/vouchers/{code}",
  tags,
  summary: "Read a voucher",
  description: "Case and surrounding blanks do not matter.",
  ...secured(["manage", "checkout"]),
  request: { params: voucherParams },
  responses: { 200: json(voucherWire, "The voucher"), ...problems(404) },
});

function switchRoute<V extends "disable" | "enable">(verb: V, summary: string) {
  return createRoute({
    method: "post",
    path: `/v1/vouchers/{code}/${verb}`,
    tags,
    summary,
    ...secured("manage"),
    request: { params: voucherParams, headers: idempotencyHeaders },
    responses: { 200: json(voucherWire, "The voucher as it is now"), ...problems(404, 422) },
  });
}
const disableRoute = switchRoute("disable", "Take a voucher out of use");
const enableRoute = switchRoute("enable", "Put a disabled voucher back");

const assignRoute = createRoute({
  method: "post",
  path: "/v1/vouchers/{code}/assign",
  tags,
  summary: "Keep a voucher for one customer",
  description: "Only they can redeem it from then on. It does not count as handed out.",
  ...secured("manage"),
  request: { params: voucherParams, headers: idempotencyHeaders, body: jsonBody(assignBody) },
  responses: { 200: json(voucherWire, "The voucher as it is now"), ...problems(404, 409, 422) },
});

const topUpRoute = createRoute({
  method: "post",
  path: "/v1/vouchers/{code}/top-up",
  tags,
  summary: "Add to the balance of a gift card",
  ...secured("manage"),
  request: { params: voucherParams, headers: idempotencyHeaders, body: jsonBody(topUpBody) },
  responses: { 200: json(voucherWire, "The gift card as it is now"), ...problems(404, 409, 422) },
});

const exportRoute = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/vouchers/export",
  tags,
  summary: "Download a campaign's vouchers",
  description: "CSV, or NDJSON when `Accept` says so; the import reads the same columns.",
  ...secured("manage"),
  request: { params: campaignParams },
  responses: {
    200: {
      description: "One voucher a line",
      content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
    },
    ...problems(404),
  },
});

const publishRoute = createRoute({
  method: "post",
  path: "/v1/vouchers/{code}/publish",
  tags,
  summary: "Hand a voucher to a customer",
  description: "A unique voucher becomes theirs, a generic one stays for everybody. The same source_id publishes once.",
  ...secured("manage"),
  request: { params: voucherParams, headers: idempotencyHeaders, body: jsonBody(publishBody) },
  responses: { 201: json(publicationWire, "The publication"), ...problems(404, 409, 422) },
});

export function voucherRoutes(deps: Deps) {
  const router = createRouter();

  router.openapi(createVoucherRoute, (c) =>
    withIdempotency(c, async (tx) => {
      const { id } = c.req.valid("param");
      return { status: 201, body: await createVoucher(tx, c.var.auth.projectId, id, c.req.valid("json"), new Date()) };
    }),
  );

  router.openapi(listVouchersRoute, async (c) => {
    const { db } = deps;
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    const { limit, cursor } = c.req.valid("query");
    const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
    if (!(await findCampaign(db, projectId, id))) throw notFound("campaign");
    const rows = await listVouchers(db, projectId, id, { limit: limit + 1, before });
    const now = new Date();
    return c.json(
      toPage(
        rows,
        limit,
        (row) => [row.id],
        (row) => toWire(row, now),
      ),
      200,
    );
  });

  router.openapi(getVoucherRoute, async (c) => {
    return c.json(await readVoucher(deps.db, c.var.auth.projectId, c.req.valid("param").code, new Date()), 200);
  });

  router.openapi(disableRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 200,
      body: await disableVoucher(tx, c.var.auth.projectId, c.req.valid("param").code, new Date()),
    })),
  );

  router.openapi(enableRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 200,
      body: await enableVoucher(tx, c.var.auth.projectId, c.req.valid("param").code, new Date()),
    })),
  );

  router.openapi(assignRoute, (c) =>
    withIdempotency(c, async (tx) => {
      const { identifier } = c.req.valid("json").customer;
      const { code } = c.req.valid("param");
      return { status: 200, body: await assignVoucher(tx, c.var.auth.projectId, code, identifier, new Date()) };
    }),
  );

  router.openapi(topUpRoute, (c) =>
    withIdempotency(c, async (tx) => {
      const { code } = c.req.valid("param");
      const body = await topUpVoucher(tx, c.var.auth.projectId, code, c.req.valid("json"), new Date());
      return { status: 200, body };
    }),
  );

  router.openapi(exportRoute, async (c) => {
    const { db } = deps;
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    if (!(await findCampaign(db, projectId, id))) throw notFound("campaign");
    return sendRows(c, `vouchers-${id}`, campaignColumns, voucherPages(db, projectId, "campaign_id", id, new Date()));
  });

  router.openapi(publishRoute, (c) => {
    const input = c.req.valid("json");
    return withIdempotency(c, async (tx) => {
      const publishedAt = occurredAt(c.var.auth, input.occurred_at, await databaseNow(tx));
      const { code } = c.req.valid("param");
      return { status: 201, body: await publishVoucher(tx, c.var.auth.projectId, code, input, publishedAt) };
    });
  });

  return router;
}
