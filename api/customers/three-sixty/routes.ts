import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { secured } from "../../http/auth.ts";
import { createRouter } from "../../http/router.ts";
import { customerIdentifier, json, listQuery, problems } from "../../http/schemas.ts";
import { createThreeSixty } from "./read.ts";
import { threeSixtyWire } from "./schema.ts";

const get = createRoute({
  method: "get",
  path: "/v1/customers/{identifier}/360",
  tags: ["Customers"],
  summary: "Read everything known of a customer",
  description:
    "Profile, figures, wallet, favourites, the newest orders, redemptions and rejections, segments, predictions, risk, and the timeline, of which `limit` and `cursor` choose the page. Predictions are made once a day and say when; where there are none, `predictions_missing` says why.",
  ...secured(["analytics", "manage", "review"]),
  request: { params: z.object({ identifier: customerIdentifier }), query: z.strictObject(listQuery) },
  responses: { 200: json(threeSixtyWire, "The customer"), ...problems(404) },
});

export function threeSixtyRoutes(deps: Deps) {
  const readThreeSixty = createThreeSixty(deps);
  return createRouter().openapi(get, async (c) => {
    const { identifier } = c.req.valid("param");
    return c.json(await readThreeSixty(c.var.auth.projectId, identifier, c.req.valid("query")), 200);
  });
}
