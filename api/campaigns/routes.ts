import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { createCampaign } from "./create.ts";
import { findCampaign } from "./find.ts";
import { listCampaigns } from "./list.ts";
import { reportCampaign } from "./report.ts";
import { campaignReportWire } from "./report-schema.ts";
import {
  campaignStatuses,
  campaignTypes,
  campaignVersionWire,
  campaignWire,
  createCampaignBody,
  patchCampaignBody,
} from "./schemas.ts";
import { changeStatus, type StatusVerb, statusVerbs } from "./status.ts";
import { updateCampaignDefinition } from "./update.ts";
import { findVersion, listVersions } from "./versions.ts";
import { toWire } from "./wire.ts";

const tags = ["Campaigns"];
const campaignParams = z.object({ id: resourceId });

const createCampaignRoute = createRoute({
  method: "post",
  path: "/v1/campaigns",
  tags,
  summary: "Create a main campaign, or a sub-campaign in one",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(createCampaignBody) },
  responses: { 201: json(campaignWire, "The campaign, a draft"), ...problems(409, 422) },
});

const listCampaignsRoute = createRoute({
  method: "get",
  path: "/v1/campaigns",
  tags,
  summary: "List campaigns, the newest first",
  ...secured(["manage", "analytics"]),
  request: {
    query: z.strictObject({
      ...listQuery,
      status: z.enum(campaignStatuses).optional(),
      type: z.enum(campaignTypes).optional(),
      parent_id: resourceId.optional(),
      search: z.string().min(1).max(200).optional().openapi({ description: "A part of the name, in any case." }),
    }),
  },
  responses: { 200: json(pageOf(campaignWire), "Campaigns"), ...problems() },
});

const getCampaignRoute = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}",
  tags,
  summary: "Read a campaign",
  ...secured(["manage", "analytics"]),
  request: { params: campaignParams },
  responses: { 200: json(campaignWire, "The campaign"), ...problems(404) },
});

const patchCampaignRoute = createRoute({
  method: "patch",
  path: "/v1/campaigns/{id}",
  tags,
  summary: "Change a campaign's definition",
  description:
    "With `version`, only if the campaign still has it. Type never changes; currency, parent_id and template are fixed once the campaign is live or has sub-campaigns.",
  ...secured("manage"),
  request: { params: campaignParams, body: jsonBody(patchCampaignBody) },
  responses: { 200: json(campaignWire, "The campaign as it is now"), ...problems(404, 409) },
});

function statusRoute<V extends StatusVerb>(verb: V) {
  return createRoute({
    method: "post",
    path: `/v1/campaigns/{id}/${verb}`,
    tags,
    summary: `${verb[0]?.toUpperCase()}${verb.slice(1)} a campaign`,
    description:
      "draft → active ⇄ paused → archived, and draft → archived. A code works while its campaign and the main campaign are both active.",
    ...secured("manage"),
    request: { params: campaignParams, headers: idempotencyHeaders },
    responses: { 200: json(campaignWire, "The campaign as it is now"), ...problems(404, 409, 422) },
  });
}

const listVersionsRoute = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/versions",
  tags,
  summary: "A campaign's definition as it was, the newest version first",
  ...secured(["manage", "analytics"]),
  request: { params: campaignParams, query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(campaignVersionWire), "Versions"), ...problems(404) },
});

const getVersionRoute = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/versions/{version}",
  tags,
  summary: "A campaign's definition as it was in one version",
  ...secured(["manage", "analytics"]),
  request: {
    params: campaignParams.extend({
      version: z
        .string()
        .regex(/^[1-9]\d{0,8}$/, "Expected a whole number from 1 up")
        .transform(Number)
        .openapi({ type: "integer", minimum: 1 }),
    }),
  },
  responses: { 200: json(campaignVersionWire, "The version"), ...problems(404) },
});

const reportRoute = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/report",
  tags,
  summary: "What a campaign cost and brought, from the warehouse",
  description: "A main campaign's report sums up its sub-campaigns.",
  ...secured("analytics"),
  request: { params: campaignParams },
  responses: { 200: json(campaignReportWire, "The figures, and how current they are"), ...problems(404, 503) },
});

export function campaignRoutes(deps: Deps) {
  const router = createRouter();

  router.openapi(createCampaignRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 201,
      body: await createCampaign(tx, c.var.auth.projectId, c.req.valid("json"), new Date()),
    })),
  );

  router.openapi(listCampaignsRoute, async (c) => {
    const { limit, cursor, status, type, parent_id, search } = c.req.valid("query");
    const filter = { status, type, parentId: parent_id, search };
    return c.json(await listCampaigns(deps.db, c.var.auth.projectId, filter, { limit, cursor }), 200);
  });

  router.openapi(getCampaignRoute, async (c) => {
    const row = await findCampaign(deps.db, c.var.auth.projectId, c.req.valid("param").id);
    if (!row) throw notFound("campaign");
    return c.json(toWire(row), 200);
  });

  router.openapi(patchCampaignRoute, async (c) => {
    const { id } = c.req.valid("param");
    const patch = c.req.valid("json");
    const campaign = await inTransaction(c, (tx) =>
      updateCampaignDefinition(tx, c.var.auth.projectId, id, patch, new Date()),
    );
    return c.json(campaign, 200);
  });

  for (const verb of statusVerbs) {
    router.openapi(statusRoute(verb), (c) =>
      withIdempotency(c, async (tx) => ({
        status: 200,
        body: await changeStatus(tx, c.var.auth.projectId, c.req.valid("param").id, verb, new Date()),
      })),
    );
  }

  router.openapi(listVersionsRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const before = readCursor(cursor, z.tuple([z.int()]))?.[0];
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    if (!(await findCampaign(deps.db, projectId, id))) throw notFound("campaign");
    const rows = await listVersions(deps.db, projectId, id, { limit: limit + 1, before });
    return c.json(
      toPage(
        rows,
        limit,
        (row) => [row.version],
        (row) => row,
      ),
      200,
    );
  });

  router.openapi(getVersionRoute, async (c) => {
    const { id, version } = c.req.valid("param");
    const found = await findVersion(deps.db, c.var.auth.projectId, id, version);
    if (!found) throw notFound("version of a campaign");
    return c.json(found, 200);
  });

  router.openapi(reportRoute, async (c) =>
    c.json(await reportCampaign(deps, c.var.auth.projectId, c.req.valid("param").id), 200),
  );

  return router;
}
