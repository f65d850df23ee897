/** The dashboards and what their pages ask for. For people with a session, not part of the documented API. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { findCampaign } from "../campaigns/find.ts";
import { createThreeSixty } from "../customers/three-sixty/read.ts";
import { readDataHealth } from "../data-health/read.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/environment.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { readLift } from "../lift/read.ts";
import { readPoliciesReport } from "../offers/report.ts";
import { listRules } from "../risk/rules.ts";
import { sessionCookie } from "../sessions/cookie.ts";
import { signInAddress } from "../sessions/return-to.ts";
import { createSessions } from "../sessions/sessions.ts";
import { listCustomers, parseCustomerQuery } from "./customers.ts";
import { readFreshness } from "./freshness.ts";
import { createLive } from "./live.ts";
import { createModelCards } from "./models.ts";
import { WaitingPage } from "./pages.tsx";
import { type Money, parseScope, readCurrencies, resolveScope, type Scope } from "./scope.ts";
import { acceptedEncodings, serveFile } from "./serve-file.ts";
import { createSites } from "./site.ts";
import { readStatus } from "./status.ts";
import { compressFor, loadTables } from "./tables.ts";

const base = "/dashboards/";
/** Of a customer's timeline; the page asks for more. */
const timelineEntries = 20;
const dayMs = 86_400_000;
/** As many as the report of policies looks back. */
const policyDaysMax = 90;
/** Long enough for the many questions of one page load, short enough that a reload shows what has just happened. */
const dataCache = "private, max-age=2";
/** Browsers fetch it without cookies; it holds names of icons. */
const openToAll = `${base}manifest.webmanifest`;

export function dashboardRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  const router = createRouter();
  const sites = createSites(deps.dataDir);
  const tables = loadTables();
  const { warehouse } = deps;
  const answer = createLive(warehouse);
  const readThreeSixty = createThreeSixty(deps);
  const modelCards = createModelCards(deps);

  async function scopeOf(projectId: string, query: Readonly<Record<string, string>>): Promise<Scope> {
    const asked = parseScope(query);
    const kept = await answer(projectId, "currencies", async () => ({
      body: Buffer.from(JSON.stringify(await readCurrencies(warehouse, projectId))),
    }));
    const currencies = JSON.parse(kept.body.toString()) as Money[];
    return resolveScope(asked, currencies, new Date());
  }

  router.get("/dashboards", (c) => c.redirect(base, 308));
  router.use(`${base}*`, requireSession(deps));

  router.get(`${base}data/manifest.json`, (c) => {
    c.header("cache-control", "private, no-cache");
    return c.json(tables.manifest);
  });

  router.get(`${base}data/:source/live/:file`, async (c) => {
    const { source, file } = c.req.param();
    const table = /^(\w{1,100})\.parquet$/.exec(file)?.[1];
    if (table === undefined || !tables.has(source, table)) throw notFound("table");
    const { projectId } = c.var.auth;
    const parameters = tables.parametersOf(table, await scopeOf(projectId, c.req.query()));
    const accepted = acceptedEncodings(c.req.header("accept-encoding"));
    const form = ["br", "gzip"].find((name) => accepted.has(name)) ?? "";
    const question = JSON.stringify([table, parameters, form]);
    const { body, encoding } = await answer(projectId, question, async () =>
      compressFor(accepted, await tables.read({ warehouse, projectId, table, parameters })),
    );
    c.header("content-type", "application/vnd.apache.arrow.stream");
    c.header("cache-control", dataCache);
    c.header("vary", "accept-encoding, cookie");
    if (encoding) c.header("content-encoding", encoding);
    return c.body(new Uint8Array(body));
  });

  router.get(`${base}api/scope`, async (c) => {
    const scope = await scopeOf(c.var.auth.projectId, c.req.query());
    c.header("cache-control", dataCache);
    c.header("vary", "cookie");
    return c.json(scope);
  });

  router.get(`${base}api/freshness`, async (c) => {
    c.header("cache-control", "no-store");
    return c.json(await readFreshness(warehouse, deps.pool, c.var.auth.projectId));
  });

  router.get(`${base}api/data-health`, async (c) => {
    c.header("cache-control", "no-store");
    return c.json(await readDataHealth(deps, c.var.auth.projectId));
  });

  router.get(`${base}api/customers`, async (c) => {
    const asked = parseCustomerQuery(c.req.query());
    c.header("cache-control", "no-store");
    return c.json(await listCustomers(warehouse, c.var.auth.projectId, asked));
  });

  // The same shape as GET /v1/customers/{identifier}/360.
  router.get(`${base}api/customers/:identifier`, async (c) => {
    const page = { cursor: c.req.query("cursor")?.slice(0, 1_000), limit: timelineEntries };
    const customer = await readThreeSixty(c.var.auth.projectId, c.req.param("identifier"), page);
    c.header("cache-control", "no-store");
    return c.json(customer);
  });

  // The same as `lift` of GET /v1/campaigns/{id}/report.
  router.get(`${base}api/campaigns/:id/lift`, async (c) => {
    const { projectId } = c.var.auth;
    const id = c.req.param("id").slice(0, 100);
    if (!(await findCampaign(deps.db, projectId, id))) throw notFound("campaign");
    c.header("cache-control", "no-store");
    return c.json(await readLift(warehouse, projectId, id));
  });

  router.get(`${base}api/models`, async (c) => {
    c.header("cache-control", "no-store");
    return c.json(await modelCards(c.var.auth.projectId));
  });

  // The same as GET /v1/offers/policies/report, for the days of the page until now.
  router.get(`${base}api/policies`, async (c) => {
    const { projectId } = c.var.auth;
    const { since } = await scopeOf(projectId, c.req.query());
    const days = Math.ceil((Date.now() - Date.parse(since)) / dayMs);
    c.header("cache-control", "no-store");
    return c.json(await readPoliciesReport(warehouse, projectId, Math.min(Math.max(days, 1), policyDaysMax)));
  });

  // Names of what the tables know by its id.
  router.get(`${base}api/risk-rules`, async (c) => {
    const rules = await listRules(deps.db, c.var.auth.projectId);
    c.header("cache-control", "no-store");
    return c.json({ data: rules.map(({ id, name, status, sentence }) => ({ id, name, status, sentence })) });
  });

  router.get(`${base}*`, async (c) => {
    const site = await sites();
    if (!site) return waiting(c, deps.dataDir);
    // Evidence joins a route, which begins with a slash, to an address that ends with one.
    const path = decodeURIComponent(c.req.path.slice(base.length)).replace(/\/{2,}/g, "/");
    const file = site.files.get(path);
    if (file) return serveFile(c, site, file);
    // An address of the application may hold dots, as an e-mail address does; a missing file of the build is missing.
    if (/^(_app|api|data)\//.test(path)) throw notFound("file");
    return serveFile(c, site, site.shell);
  });

  return router;
}

/** A person without a session is shown the way; a script is told. */
function requireSession(deps: Deps): MiddlewareHandler<AppEnv> {
  const sessions = createSessions(deps.db);
  return async (c, next) => {
    if (c.req.path === openToAll) return next();
    const session = await sessions.find(getCookie(c, sessionCookie));
    if (!session) {
      if (c.req.method === "GET" && c.req.header("accept")?.includes("text/html")) {
        const url = new URL(c.req.url);
        return c.redirect(signInAddress(url.pathname + url.search), 303);
      }
      throw new Problem("unauthorized", "Sign in at /console/sign-in first.");
    }
    if (!session.scopes.includes("analytics")) {
      throw new Problem("scope_missing", "The dashboards need a key with the scope analytics.", {
        extensions: { required_scopes: ["analytics"] },
      });
    }
    c.set("auth", { projectId: session.projectId, keyId: session.keyId, scopes: ["analytics"], kind: "secret" });
    return next();
  };
}

async function waiting(c: Context<AppEnv>, dataDir: string): Promise<Response> {
  c.header("cache-control", "no-store");
  const status = await readStatus(dataDir);
  return c.html(<WaitingPage status={status} now={Date.now()} />, status?.state === "failed" ? 500 : 503);
}
