/** Signing in with a key and out again. Pages, not part of the documented API. */
import { getConnInfo } from "@hono/node-server/conninfo";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Deps } from "../deps.ts";
import type { AppEnv, Scope } from "../http/environment.ts";
import { Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { FailedAttempts } from "./attempts.ts";
import { sessionCookie, sessionSeconds } from "./cookie.ts";
import { localPath, signInAddress } from "./return-to.ts";
import { sentFromHere } from "./same-site.ts";
import { createSessions } from "./sessions.ts";
import { SignInPage } from "./sign-in-page.tsx";

const formBytesMax = 4_096;

export function sessionRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  const router = createRouter();
  const sessions = createSessions(deps.db);
  const failed = new FailedAttempts();
  const smallForm = bodyLimit({
    maxSize: formBytesMax,
    onError: () => {
      throw new Problem("payload_too_large", `A form of at most ${formBytesMax} bytes is expected.`);
    },
  });

  router.use("/console/*", async (c, next) => {
    await next();
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  });

  router.get("/console/sign-in", async (c) => {
    const returnTo = localPath(c.req.query("return_to"));
    const session = await sessions.find(getCookie(c, sessionCookie));
    if (session) return c.redirect(allowed(returnTo, session.scopes), 303);
    return c.html(<SignInPage returnTo={returnTo} />);
  });

  router.post("/console/sign-in", smallForm, async (c) => {
    refuseForeignForm(c);
    const form = await c.req.parseBody();
    const returnTo = localPath(typeof form.return_to === "string" ? form.return_to : undefined);
    const address = clientAddress(c);
    const wait = failed.waitSeconds(address);
    if (wait !== undefined) {
      c.header("retry-after", String(wait));
      return c.html(<SignInPage returnTo={returnTo} fault={`Too many attempts. Try again in ${wait} seconds.`} />, 429);
    }
    const known = typeof form.key === "string" ? await c.var.keyRing.find(form.key.trim(), Date.now()) : undefined;
    if (known?.auth.kind !== "secret") {
      failed.add(address);
      return c.html(<SignInPage returnTo={returnTo} fault="This key is not known, or no longer valid." />, 401);
    }
    const { scopes } = known.auth;
    setCookie(c, sessionCookie, await sessions.start(known.auth), { ...cookieOptions(c), maxAge: sessionSeconds });
    return c.redirect(allowed(returnTo, scopes), 303);
  });

  router.post("/console/sign-out", (c) => {
    refuseForeignForm(c);
    deleteCookie(c, sessionCookie, cookieOptions(c));
    return c.redirect(signInAddress(localPath(undefined)), 303);
  });

  return router;
}

/** Who may not read reports has no dashboards to be sent to. */
function allowed(returnTo: string, scopes: readonly Scope[]): string {
  return returnTo.startsWith("/dashboards") && !scopes.includes("analytics") ? "/console" : returnTo;
}

function refuseForeignForm(c: Context): void {
  if (!sentFromHere(c)) throw new Problem("origin_not_allowed", "The form was sent from another site.");
}

/** `Secure` only where the browser came by TLS: on plain http at home the cookie would never come back. */
function cookieOptions(c: Context) {
  const secure = c.req.header("x-forwarded-proto") === "https" || new URL(c.req.url).protocol === "https:";
  return { httpOnly: true, sameSite: "Strict", path: "/", secure } as const;
}

/** The peer's address; where there is no socket (a request made in this process), all share one. */
function clientAddress(c: Context): string {
  return c.env && "incoming" in c.env ? (getConnInfo(c).remote.address ?? "unknown") : "unknown";
}
