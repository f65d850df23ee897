/** Who asks and what they may do. `secured(...)` in a route's definition is all that a feature needs. */
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv, Scope } from "./environment.ts";
import { readStrictJson } from "./json-body.ts";
import { Problem } from "./problem.ts";

interface Access {
  /** Keys of browsers may come here too, from their allowed origins. */
  readonly publishable?: boolean;
  /** "json": any body is read strictly before the route's schemas see it. "raw": the handler reads the stream itself. */
  readonly body?: "json" | "raw";
}

/**
 * Spread into `createRoute`: sets the middleware, and the same demand in the OpenAPI document.
 *
 * @param needs the scope, or several of which one is enough.
 */
export function secured(needs: Scope | readonly Scope[], access: Access = {}) {
  const anyOf = typeof needs === "string" ? [needs] : [...needs];
  return {
    security: anyOf.map((scope) => ({ key: [scope] })),
    middleware: requireScope(needs, access),
  };
}

/**
 * Checks key, scope, then body, in this order: who may not come in learns nothing about their body.
 *
 * @throws Problem 401, 403, 413, 415, 400
 */
function requireScope(needs: Scope | readonly Scope[], access: Access = {}): MiddlewareHandler<AppEnv> {
  const anyOf = typeof needs === "string" ? [needs] : needs;
  return async (c, next) => {
    await authenticate(c, access.publishable === true);
    if (!anyOf.some((scope) => c.var.auth.scopes.includes(scope))) {
      throw new Problem("scope_missing", `This needs a key with the scope ${anyOf.join(" or ")}.`, {
        extensions: { required_scopes: anyOf },
      });
    }
    if (access.body !== "raw") await readStrictJson(c);
    await next();
  };
}

const bearer = /^Bearer +([\x21-\x7e]{1,256})$/i;

async function authenticate(c: Context<AppEnv>, publishableAllowed: boolean): Promise<void> {
  const header = c.req.header("authorization");
  const key = header === undefined ? undefined : bearer.exec(header)?.[1];
  const known = key === undefined ? undefined : await c.var.keyRing.find(key, Date.now());
  if (!known) {
    const detail =
      header === undefined ? "Send Authorization: Bearer <key>." : "The key is not known, or no longer valid.";
    throw new Problem("unauthorized", detail, { headers: { "www-authenticate": 'Bearer realm="tessera"' } });
  }
  if (known.auth.kind === "publishable") {
    if (!publishableAllowed)
      throw new Problem("scope_missing", "A publishable key may only qualify, validate and fetch pop-ups.");
    const origin = c.req.header("origin");
    if (origin === undefined || !known.allowedOrigins.includes(origin)) {
      throw new Problem("origin_not_allowed", "The key's allowed_origins do not contain the request's Origin.");
    }
  }
  c.set("auth", known.auth);
}
