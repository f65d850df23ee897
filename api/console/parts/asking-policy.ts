import type { MiddlewareHandler } from "hono";
import type { ConsoleEnv } from "../viewer.ts";

/** Pages of work in the background ask for themselves again. */
export const askingPolicy: MiddlewareHandler<ConsoleEnv> = async (c, next) => {
  c.header(
    "content-security-policy",
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  await next();
};
