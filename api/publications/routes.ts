import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import {
  customerIdentifier,
  idempotencyHeaders,
  instant,
  json,
  jsonBody,
  listQuery,
  pageOf,
  problems,
  resourceId,
} from "../http/schemas.ts";
import { publish } from "./publish.ts";
import { findPublication, listPublications } from "./queries.ts";
import { publicationToWire } from "./rows.ts";
import { createPublicationBody, publicationStatuses, publicationWire } from "./schemas.ts";

const tags = ["Publications"];

const createRouteOf = createRoute({
  method: "post",
  path: "/v1/publications",
  tags,
  summary: "Hand a code to a customer",
  description:
    "A free voucher of a campaign, a voucher by its code, or a third party's code out of a pool; with `deliver` it is " +
    "sent as well, and taken back when it does not arrive. The same source_id publishes once and gets the same answer.",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(createPublicationBody) },
  responses: { 201: json(publicationWire, "The publication"), ...problems(404, 409, 422) },
});

const listRoute = createRoute({
  method: "get",
  path: "/v1/publications",
  tags,
  summary: "List publications, the newest first",
  ...secured("manage"),
  request: {
    query: z.strictObject({
      ...listQuery,
      campaign_id: resourceId.optional(),
      customer: customerIdentifier.optional(),
      status: z.enum(publicationStatuses).optional(),
      from: instant.optional(),
      to: instant.optional().openapi({ description: "Exclusive." }),
    }),
  },
  responses: { 200: json(pageOf(publicationWire), "Publications"), ...problems() },
});

const getRoute = createRoute({
  method: "get",
  path: "/v1/publications/{id}",
  tags,
  summary: "Read a publication and what became of it",
  ...secured("manage"),
  request: { params: z.object({ id: resourceId }) },
  responses: { 200: json(publicationWire, "The publication"), ...problems(404) },
});

const cursorSchema = z.tuple([
  z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/),
  z.string(),
]);

export function publicationRoutes({ db }: Deps) {
  const router = createRouter();

  router.openapi(createRouteOf, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 201,
      body: await publish(tx, c.var.auth.projectId, c.req.valid("json"), await databaseNow(tx)),
    })),
  );

  router.openapi(listRoute, async (c) => {
    const { limit, cursor, campaign_id, ...filter } = c.req.valid("query");
    const page = { limit: limit + 1, before: readCursor(cursor, cursorSchema) };
    const asked = {
      campaignId: campaign_id,
      customer: filter.customer,
      status: filter.status,
      from: filter.from,
      to: filter.to,
    };
    const rows = await listPublications(db, c.var.auth.projectId, asked, page);
    return c.json(
      toPage(rows, limit, (row) => [row.published_text, row.id], publicationToWire),
      200,
    );
  });

  router.openapi(getRoute, async (c) => {
    const row = await findPublication(db, c.var.auth.projectId, c.req.valid("param").id);
    if (!row) throw notFound("publication");
    return c.json(publicationToWire(row), 200);
  });

  return router;
}
