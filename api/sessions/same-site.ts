import type { Context } from "hono";

/**
 * Whether a form was sent by a page of this server. A SameSite cookie does not guard the sign-in itself: there is no
 * cookie yet, and another site could sign a visitor in to its own project. Browsers say where a request comes from;
 * what says nothing is no browser, and has no cookies to abuse.
 */
export function sentFromHere(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = c.req.header("origin");
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === c.req.header("host");
}
