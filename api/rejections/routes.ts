import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { json, pageOf, problems, resourceId } from "../http/schemas.ts";
import { attemptsQuery, rejectionDetailWire, rejectionWire } from "../redemptions/schemas.ts";
import { findRejectionDetail, listRejections } from "./queries.ts";

const listAllRejections = createRoute({
  method: "get",
  path: "/v1/rejections",
  tags: ["Redemption"],
  summary: "List rejected redemptions with every reason, newest first",
  ...secured(["checkout", "analytics", "manage"]),
  request: { query: attemptsQuery },
  responses: { 200: json(pageOf(rejectionWire), "A page of rejections"), ...problems() },
});

const getRejection = createRoute({
  method: "get",
  path: "/v1/rejections/{id}",
  tags: ["Redemption"],
  summary: "One rejected redemption with its decision trace",
  ...secured(["checkout", "analytics", "manage"]),
  request: { params: z.object({ id: resourceId }) },
  responses: { 200: json(rejectionDetailWire, "The rejection"), ...problems(404) },
});

export function rejectionRoutes(deps: Deps) {
  return createRouter()
    .openapi(listAllRejections, async (c) =>
      c.json(await listRejections(deps.db, c.var.auth.projectId, c.req.valid("query")), 200),
    )
    .openapi(getRejection, async (c) => {
      const found = await findRejectionDetail(deps.db, c.var.auth.projectId, c.req.valid("param").id);
      if (found === undefined) throw notFound("rejection");
      return c.json(found, 200);
    });
}
