import { createRoute } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { json, pageOf, problems } from "../http/schemas.ts";
import { attemptsQuery, rejectionWire } from "../redemptions/schemas.ts";
import { listRejections } from "./queries.ts";

const listAllRejections = createRoute({
  method: "get",
  path: "/v1/rejections",
  tags: ["Redemption"],
  summary: "List rejected redemptions with every reason, newest first",
  ...secured(["checkout", "analytics", "manage"]),
  request: { query: attemptsQuery },
  responses: { 200: json(pageOf(rejectionWire), "A page of rejections"), ...problems() },
});

export function rejectionRoutes(deps: Deps) {
  return createRouter().openapi(listAllRejections, async (c) =>
    c.json(await listRejections(deps.db, c.var.auth.projectId, c.req.valid("query")), 200),
  );
}
