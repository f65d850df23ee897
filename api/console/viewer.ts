/** Who looks at a page of the console, and the guards of its forms. */

import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie } from "hono/cookie";
import type { AppEnv, Scope } from "../http/environment.ts";
import { textFault } from "../http/json-body.ts";
import { invalid, Problem } from "../http/problem.ts";
import type { Actor } from "../reviews/actor.ts";
import { sessionCookie } from "../sessions/cookie.ts";
import { signInAddress } from "../sessions/return-to.ts";
import { sentFromHere } from "../sessions/same-site.ts";
import type { Sessions, SignedIn } from "../sessions/sessions.ts";

export interface Viewer extends SignedIn {
  /** Goes into every form; see `Sessions.formToken`. */
  readonly formToken: string;
}

export interface ConsoleEnv {
  Variables: AppEnv["Variables"] & { viewer: Viewer };
}

/** A form holds a note, a hundred ids and little else. */
const formBytesMax = 64 * 1024;

/** Who is not signed in is shown the way. */
export function requireViewer(sessions: Sessions): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    const cookie = getCookie(c, sessionCookie);
    const session = await sessions.find(cookie);
    if (!session || cookie === undefined) {
      const url = new URL(c.req.url);
      // What was posted is lost with the session; the page it was posted from is near enough.
      const back = c.req.method === "GET" ? url.pathname + url.search : "/console";
      return c.redirect(signInAddress(back), 303);
    }
    c.set("viewer", { ...session, formToken: await sessions.formToken(cookie) });
    const { projectId, keyId, scopes } = session;
    c.set("auth", { projectId, keyId, scopes, kind: "secret" });
    await next();
  };
}

/**
 * The guard of a page, or of a form that asks for more than its page.
 *
 * @param what in words, as the page that refuses says it: "Campaigns".
 * @param anyOf the scopes, as on the API's routes for the same thing: one of them is enough.
 * @throws Problem 403 for a session of a key without any of them.
 */
export function requireScope(what: string, ...anyOf: [Scope, ...Scope[]]): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    if (!maySee(c.var.viewer, anyOf)) {
      throw new Problem("scope_missing", `${what} need a key with the scope ${anyOf.join(" or ")}.`, {
        extensions: { required_scopes: anyOf },
      });
    }
    await next();
  };
}

export function maySee(viewer: Viewer, anyOf: readonly Scope[]): boolean {
  return anyOf.some((scope) => viewer.scopes.includes(scope));
}

/** Goes before the handler of every form. */
export function formUpTo(maxSize: number): MiddlewareHandler<ConsoleEnv> {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new Problem("payload_too_large", `A form of at most ${maxSize} bytes is expected.`);
    },
  });
}

export const smallForm = formUpTo(formBytesMax);

export type Form = Readonly<Record<string, readonly string[]>>;

/**
 * The form that was posted, if it was made for this session by a page of ours: the browser says where it was sent from,
 * the session's cookie comes along from no other site, and the hidden token is known to this session's pages alone.
 *
 * @throws Problem 403
 */
export async function readForm(c: Context<ConsoleEnv>): Promise<Form> {
  if (!sentFromHere(c)) throw new Problem("origin_not_allowed", "The form was sent from another site.");
  const form: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(await c.req.parseBody({ all: true }))) {
    const texts = [value].flat().filter((entry) => typeof entry === "string");
    const fault = texts.map(textFault).find((found) => found !== undefined);
    if (fault !== undefined) throw invalid(`/${name}`, fault);
    form[name] = texts;
  }
  if (!sameText(form.token?.[0] ?? "", c.var.viewer.formToken)) {
    throw new Problem(
      "origin_not_allowed",
      "The form is not of this session. Go back, load the page again, and send it again.",
    );
  }
  return form;
}

function sameText(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

export function actorOf(c: Context<ConsoleEnv>): Actor {
  return { keyId: c.var.viewer.keyId, requestId: c.var.requestId };
}
