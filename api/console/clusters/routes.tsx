/** Linked accounts: all clusters, and one. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { clusterSorts, listClusters } from "../../clusters/list.ts";
import { readClusterById } from "../../clusters/read.ts";
import type { Deps } from "../../deps.ts";
import { notFound } from "../../http/problem.ts";
import type { ConsoleEnv } from "../viewer.ts";
import { ClusterPage, ClustersPage } from "./pages.tsx";

const perPage = 50;

export function mountClusters(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.get("/console/clusters", async (c) => {
    const { projectId } = c.var.viewer;
    const sort = clusterSorts.find((name) => name === c.req.query("sort")) ?? "money";
    const cursor = c.req.query("cursor")?.slice(0, 1_000);
    const page = await listClusters(deps.warehouse, projectId, { sort, limit: perPage, cursor });
    return c.html(<ClustersPage viewer={c.var.viewer} sort={sort} page={page} />);
  });

  router.get("/console/clusters/:id", async (c) => {
    const cluster = await readClusterById(deps.warehouse, c.var.viewer.projectId, c.req.param("id").slice(0, 100));
    if (!cluster) throw notFound("cluster");
    return c.html(<ClusterPage viewer={c.var.viewer} cluster={cluster} />);
  });
}
