/** What holds for every request: its id, its log line, its metric, safe headers, an address that can be stored. */
import { randomUUID } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { Histogram } from "prom-client";
import type { Deps } from "../deps.ts";
import type { AppEnv, KeyRing } from "./environment.ts";
import { textFault } from "./json-body.ts";
import { Problem } from "./problem.ts";

type Handler = MiddlewareHandler<AppEnv>;

export function provide(deps: Deps, keyRing: KeyRing): Handler {
  return async (c, next) => {
    c.set("deps", deps);
    c.set("keyRing", keyRing);
    c.set("requestId", randomUUID());
    await next();
    c.header("x-request-id", c.var.requestId);
  };
}

/** One line and one observation a request: the route's pattern, never the address, which may hold codes. */
export function observe(deps: Deps): Handler {
  const seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time to answer, by route pattern",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [deps.metrics],
  });
  return async (c, next) => {
    const began = performance.now();
    await next();
    const ms = performance.now() - began;
    const route = matchedRoutes(c).findLast((candidate) => candidate.method !== "ALL")?.path ?? "none";
    const status = c.res.status;
    seconds.observe({ method: c.req.method, route, status }, ms / 1_000);
    // Unset on routes without a key.
    const auth = c.get("auth") as AppEnv["Variables"]["auth"] | undefined;
    deps.log.info(
      {
        request_id: c.var.requestId,
        method: c.req.method,
        route,
        status,
        ms: Math.round(ms * 10) / 10,
        project_id: auth?.projectId,
        key_id: auth?.keyId,
      },
      "request",
    );
  };
}

const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** A route that needs another Content-Security-Policy sets its own. */
export function guardHeaders(): Handler {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    const html = headers.get("content-type")?.startsWith("text/html") === true;
    c.header("x-content-type-options", "nosniff");
    c.header("referrer-policy", "no-referrer");
    c.header("cross-origin-opener-policy", "same-origin");
    c.header("x-frame-options", "DENY");
    if (!headers.has("content-security-policy")) c.header("content-security-policy", html ? pagePolicy : dataPolicy);
    if (!headers.has("cache-control") && c.req.path.startsWith("/v1/")) c.header("cache-control", "no-store");
  };
}

/** @throws Problem 400 for a path or query that is not well-formed or cannot be stored. */
export function refuseBadAddress(): Handler {
  return async (c, next) => {
    const address = c.req.raw.url;
    if (address.includes("%")) {
      const url = new URL(address);
      checkPart(url.pathname, "path");
      checkPart(url.search.replaceAll("+", " "), "query");
    }
    await next();
  };
}

function checkPart(text: string, place: "path" | "query"): void {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw badAddress("The address holds a percent sequence that is not UTF-8.", place);
  }
  const detail = textFault(decoded);
  if (detail) throw badAddress(detail, place);
}

function badAddress(detail: string, place: "path" | "query"): Problem {
  return new Problem("invalid_request", detail, { errors: [{ pointer: "", detail, in: place }] });
}
