import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { currency, json, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { clusterSorts, listClusters } from "./list.ts";
import { readClusterById } from "./read.ts";
import { clusterSummary, clusterWire } from "./wire.ts";

const tags = ["Clusters"];

const list = createRoute({
  method: "get",
  path: "/v1/clusters",
  tags,
  summary: "List clusters of linked accounts",
  description:
    "Accounts that were seen with the same card, device, address or IP within 90 days, as of a minute ago at most. By money unless told; amounts of different currencies have no order among each other: ask for one `currency`.",
  ...secured("review"),
  request: {
    query: z.strictObject({
      ...listQuery,
      sort: z.enum(clusterSorts).default("money"),
      currency: currency.optional(),
    }),
  },
  responses: { 200: json(pageOf(clusterSummary), "Clusters, the largest first"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/clusters/{id}",
  tags,
  summary: "Read a cluster: its accounts, and who shares what",
  description: "A cluster that was merged into an older one is not found any more: its accounts are in that one.",
  ...secured("review"),
  request: { params: z.object({ id: resourceId }) },
  responses: { 200: json(clusterWire, "The cluster"), ...problems(404) },
});

export function clusterRoutes(deps: Deps) {
  return createRouter()
    .openapi(list, async (c) =>
      c.json(await listClusters(deps.warehouse, c.var.auth.projectId, c.req.valid("query")), 200),
    )
    .openapi(read, async (c) => {
      const cluster = await readClusterById(deps.warehouse, c.var.auth.projectId, c.req.valid("param").id);
      if (!cluster) throw notFound("cluster");
      return c.json(cluster, 200);
    });
}
