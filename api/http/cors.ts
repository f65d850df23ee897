/**
 * Cross-origin calls, for publishable keys only. A preflight carries no key, so it is answered for any origin that some
 * publishable key allows; the request itself is then held to its own key.
 */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./environment.ts";

export function crossOrigin(paths: RegExp): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin === undefined || origin.length > 300 || !paths.test(c.req.path)) return next();
    if (c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined) {
      c.header("vary", "Origin");
      if (await c.var.keyRing.allowsOrigin(origin)) {
        c.header("access-control-allow-origin", origin);
        c.header("access-control-allow-methods", "GET, POST");
        c.header(
          "access-control-allow-headers",
          "authorization, content-type, idempotency-key, accept-language, tessera-customer",
        );
        c.header("access-control-max-age", "600");
      }
      return c.body(null, 204);
    }
    await next();
    c.header("vary", "Origin", { append: true });
    const auth = c.get("auth") as AppEnv["Variables"]["auth"] | undefined;
    // Authentication has checked the origin against the key: only then may the page read the answer.
    if (auth?.kind === "publishable") {
      c.header("access-control-allow-origin", origin);
      c.header("access-control-expose-headers", "x-request-id, idempotency-replayed, retry-after");
    }
  };
}
