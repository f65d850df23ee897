/** The router of every feature: a request that its schemas refuse becomes a 400 that names each field. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "zod";
import type { AppEnv } from "./environment.ts";
import { type Fault, jsonPointer, Problem } from "./problem.ts";

const faultsMax = 20;
const places = { query: "query", param: "path", header: "header", cookie: "header" } as const;

export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error, result.target);
    },
  });
}

/** @param target what was validated, in Hono's words: "json", "query", "param", "header". */
export function invalidRequest(error: z.core.$ZodError, target: string): Problem {
  const place = places[target as keyof typeof places];
  const faults = error.issues.flatMap((issue) => faultsOf(issue)).slice(0, faultsMax);
  const errors = place ? faults.map((fault) => ({ ...fault, in: place })) : faults;
  const first = errors[0];
  const detail = first ? `${place ?? "body"} ${first.pointer || "/"}: ${first.detail}` : "The request is not valid.";
  return new Problem("invalid_request", detail, { errors });
}

function faultsOf(issue: z.core.$ZodIssue, base: readonly PropertyKey[] = []): Fault[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ pointer: jsonPointer([...path, key]), detail: "There is no such field." }));
  }
  if (issue.code === "invalid_union") return unionFaults(issue, path);
  return [{ pointer: jsonPointer(path), detail: issue.message }];
}

/** Of the alternatives, the one that came furthest says best what is wrong. */
function unionFaults(issue: z.core.$ZodIssueInvalidUnion, path: readonly PropertyKey[]): Fault[] {
  const depth = (issues: readonly z.core.$ZodIssue[]) => Math.max(0, ...issues.map((i) => i.path.length));
  const best = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
  if (!best || best.length === 0 || depth(best) === 0) return [{ pointer: jsonPointer(path), detail: issue.message }];
  return best.flatMap((inner) => faultsOf(inner, path));
}
