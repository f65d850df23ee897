import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { invalidRequest } from "../../http/router.ts";
import { readReviewMetrics } from "../../reviews/metrics.ts";
import { metricsQuery } from "../../reviews/schemas.ts";
import type { ConsoleEnv } from "../viewer.ts";
import { MetricsPage } from "./metrics-page.tsx";

export function mountMetrics(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.get("/console/reviews/metrics", async (c) => {
    const query = metricsQuery.safeParse(c.req.query());
    if (!query.success) throw invalidRequest(query.error, "query");
    const metrics = await readReviewMetrics(deps, c.var.viewer.projectId, query.data.days);
    return c.html(<MetricsPage viewer={c.var.viewer} metrics={metrics} />);
  });
}
