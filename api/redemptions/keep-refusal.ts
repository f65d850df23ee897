/** Keeps a refusal that records nothing under its Idempotency-Key: the retry of what was refused is told the same. */
import type pg from "pg";
import { keyReused } from "../http/idempotency.ts";
import { Problem } from "../http/problem.ts";
import type { Answer } from "./redeem.ts";
import { type CommitArgument, commit } from "./take.ts";

interface Asked {
  readonly projectId: string;
  readonly idempotencyKey: string;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
  /** Names this occurrence in the problem document. */
  readonly requestId: string;
}

/** @returns the refusal, or what a twin was answered meanwhile. @throws Problem idempotency_key_reused, or 503. */
export async function keepRefusal(pool: pg.Pool, asked: Asked, problem: Problem): Promise<Answer> {
  const argument = {
    op: "refuse" as const,
    project_id: asked.projectId,
    idempotency_key: asked.idempotencyKey,
    request_hash: asked.requestHash,
    status: problem.status,
    response: JSON.stringify(problem.toDocument(asked.requestId)),
    rejection: null,
    events: [],
  };
  const answer = await commit(pool, argument satisfies CommitArgument);
  if (answer.outcome === "key_reused") throw keyReused();
  // The key was given up by a twin, or swept, while it was asked for.
  if (answer.outcome === "retry") throw new Problem("busy", "Try again.", { headers: { "retry-after": "1" } });
  return { status: answer.status, body: answer.body, replayed: answer.outcome === "replayed" };
}
