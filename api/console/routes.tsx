/** Pages for people with a session. Not part of the documented API: what they do, its routes do too. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { answerError } from "../http/answer-problem.ts";
import { notFound } from "../http/problem.ts";
import { createSessions } from "../sessions/sessions.ts";
import { readAsset } from "./assets.ts";
import { mountAuditLog } from "./audit-log/routes.tsx";
import { mountCampaigns } from "./campaigns/routes.tsx";
import { mountChannels } from "./channels/routes.tsx";
import { mountClusters } from "./clusters/routes.tsx";
import { mountCustomers } from "./customers/routes.tsx";
import { mountDeliveries } from "./deliveries/routes.tsx";
import { mountEventSubscriptions } from "./event-subscriptions/routes.tsx";
import { HomePage } from "./home/home-page.tsx";
import { readWaiting } from "./home/waiting.ts";
import { mountKeys } from "./keys/routes.tsx";
import { mountListExports } from "./list-exports/routes.tsx";
import { mountMembers } from "./members/routes.tsx";
import { FaultPage } from "./pages.tsx";
import { mountPools } from "./pools/routes.tsx";
import { mountPublications } from "./publications/routes.tsx";
import { mountRedeem } from "./redeem/routes.tsx";
import { mountClawBacks } from "./reviews/claw-back-routes.tsx";
import { mountMetrics } from "./reviews/metrics-routes.tsx";
import { mountReviews } from "./reviews/routes.tsx";
import { mountSegments } from "./segments/routes.tsx";
import { mountTemplates } from "./templates/routes.tsx";
import { actorOf, type ConsoleEnv, requireScope, requireViewer } from "./viewer.ts";
import { mountVouchers } from "./vouchers/routes.tsx";
import { mountWorkflows } from "./workflows/routes.tsx";

/** No script and no style but ours, from files; nothing from elsewhere, nothing sent elsewhere. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

export function consoleRoutes(deps: Deps): OpenAPIHono<ConsoleEnv> {
  const router = new OpenAPIHono<ConsoleEnv>();
  router.onError(answerWithPage);
  router.get("/console/assets/:name", async (c) => {
    const asset = await readAsset(c.req.param("name"));
    if (!asset) throw notFound("file");
    c.header("etag", asset.etag);
    c.header("cache-control", "no-cache");
    if (c.req.header("if-none-match") === asset.etag) return c.body(null, 304);
    c.header("content-type", asset.contentType);
    if (asset.gzipped === undefined) return c.body(asset.body);
    c.header("vary", "accept-encoding");
    if (!/\bgzip\b/.test(c.req.header("accept-encoding") ?? "")) return c.body(asset.body);
    c.header("content-encoding", "gzip");
    return c.body(asset.gzipped);
  });

  router.use("/console/*", strict, requireViewer(createSessions(deps.db)));
  for (const path of ["/console/reviews/*", "/console/clusters/*"]) router.use(path, requireScope("Reviews", "review"));

  router.get("/console/", (c) => c.redirect("/console", 308));

  router.get("/console", async (c) => {
    const { viewer } = c.var;
    const waiting = await readWaiting(deps, viewer, actorOf(c), Date.now());
    return c.html(<HomePage viewer={viewer} waiting={waiting} />);
  });

  mountCampaigns(router, deps);
  mountClawBacks(router, deps);
  mountMetrics(router, deps);
  mountReviews(router, deps);
  mountClusters(router, deps);
  mountRedeem(router, deps);
  mountSegments(router, deps);
  mountWorkflows(router, deps);
  mountChannels(router, deps);
  mountTemplates(router, deps);
  mountDeliveries(router, deps);
  mountEventSubscriptions(router, deps);
  mountListExports(router, deps);
  mountPools(router, deps);
  mountPublications(router, deps);
  mountVouchers(router, deps);
  mountCustomers(router, deps);
  mountMembers(router, deps);
  mountKeys(router, deps);
  mountAuditLog(router, deps);

  router.get("/console/*", () => {
    throw notFound("page");
  });
  return router;
}

const strict: MiddlewareHandler<ConsoleEnv> = async (c, next) => {
  c.header("content-security-policy", policy);
  await next();
};

const problem = z.object({ title: z.string(), status: z.int(), detail: z.string() });

/** The same answer as the API's, logged alike, in words for people. */
async function answerWithPage(error: Error, c: Context<ConsoleEnv>): Promise<Response> {
  const answer = answerError(error, c as unknown as Parameters<typeof answerError>[1]);
  const { title, status, detail } = problem.parse(await answer.json());
  const viewer = c.get("viewer") as ConsoleEnv["Variables"]["viewer"] | undefined;
  // Without a viewer the page is drawn by the frame of the sign-in, whose style is in it.
  if (!viewer) c.header("content-security-policy", undefined);
  return c.html(<FaultPage viewer={viewer} title={title} detail={detail} />, status as ContentfulStatusCode);
}
