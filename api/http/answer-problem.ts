/** Turns whatever a handler threw into a problem document. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { AppEnv } from "./environment.ts";
import { Problem, problemMediaType } from "./problem.ts";

export function answerProblem(c: Context<AppEnv>, problem: Problem): Response {
  for (const [name, value] of Object.entries(problem.options.headers ?? {})) c.header(name, value);
  return c.body(JSON.stringify(problem.toDocument(c.var.requestId)), problem.status, {
    "content-type": problemMediaType,
  });
}

/** The application's `onError`: the caller's mistakes as they are, everything else as a 500 that only names the request. */
export function answerError(error: Error, c: Context<AppEnv>): Response {
  if (error instanceof Problem) return answerProblem(c, error);
  if (error instanceof HTTPException) return answerProblem(c, fromHttpException(error));
  const known = fromPostgres(error);
  const { log } = c.var.deps;
  if (known) {
    log.warn({ request_id: c.var.requestId, sqlstate: sqlState(error), err: error }, "the store refused a request");
    return answerProblem(c, known);
  }
  log.error({ request_id: c.var.requestId, err: error }, "request failed");
  return answerProblem(c, new Problem("internal", `Ask for request ${c.var.requestId}.`));
}

function fromHttpException(error: HTTPException): Problem {
  if (error.status === 415) return new Problem("unsupported_media_type", "The body's media type is not supported.");
  if (error.status === 413) return new Problem("payload_too_large", "The body is too large.");
  const detail = "The body is not well-formed.";
  return new Problem("malformed_json", detail, { errors: [{ pointer: "", detail }] });
}

function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Texts, numbers and instants that a schema let through and Postgres cannot hold. */
const unstorable = new Set(["22001", "22003", "22007", "22008", "22021", "22P02", "22P05"]);
/** Lock and statement time-outs, deadlock, serialization, too many connections, shutting down: trying again may work. */
const transient = new Set([
  "55P03",
  "57014",
  "40001",
  "40P01",
  "53300",
  "57P01",
  "57P03",
  "ECONNREFUSED",
  "ECONNRESET",
]);

function fromPostgres(error: Error): Problem | undefined {
  const state = sqlState(error);
  if (state === undefined) return undefined;
  if (unstorable.has(state)) return new Problem("invalid_request", "The request holds a value that cannot be stored.");
  if (transient.has(state)) {
    return new Problem("busy", "Nothing was changed. Try again.", { headers: { "retry-after": "1" } });
  }
  if (state === "23505") return new Problem("conflict", "The same thing was stored by another request meanwhile.");
  return undefined;
}
