/** Idempotency-Key for work that is more than one transaction, and that done twice comes to the same. */
import { createHash } from "node:crypto";
import type { Context, TypedResponse } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { JSONParsed } from "hono/utils/types";
import type { AppEnv } from "./environment.ts";
import { type Answer, keyReused, requestIdentity, sendText } from "./idempotency.ts";
import { Problem } from "./problem.ts";

/** Business refusals are answers too. */
const storedProblemStatuses: readonly number[] = [409, 422];

type Answered<Status extends ContentfulStatusCode, Body> = Response & TypedResponse<JSONParsed<Body>, Status, "json">;

/**
 * The answer is kept after the work is done: a caller whose connection broke in between has it done again, so the work
 * must make the same of a second call. Twins that come at once both work, and both are answered what was kept first.
 *
 * The answer is the caller's own: a reviewer who takes a review under the key that another took it with must not hear
 * that it is theirs.
 *
 * @throws Problem 422 `idempotency_key_reused` when the key came with another request, or from another caller.
 */
export async function rememberAnswer<Status extends ContentfulStatusCode, Body>(
  c: Context<AppEnv>,
  work: () => Promise<Answer<Status, Body>>,
): Promise<Answered<Status, Body>> {
  const identity = requestIdentity(c);
  if (identity === undefined) {
    const { status, body } = await work();
    return sendText(c, status, JSON.stringify(body)) as Answered<Status, Body>;
  }
  const { pool } = c.var.deps;
  const { projectId, keyId } = c.var.auth;
  const hash = createHash("sha256").update(identity.hash).update(keyId, "utf8").digest();
  const { rows: known } = await pool.query<{ same: boolean; status: ContentfulStatusCode; body: string }>(
    `select request_hash = $3 as same, response_status as status, response_body as body
     from idempotency_key where project_id = $1 and key = $2`,
    [projectId, identity.key, hash],
  );
  const [before] = known;
  if (before?.same === false) throw keyReused();
  if (before !== undefined) return sendText(c, before.status, before.body, true) as Answered<Status, Body>;
  const answer = await attempt(c, work);
  const { rows } = await pool.query<{ outcome: string; status: ContentfulStatusCode; body: string }>(
    "select * from claim_key($1, $2, $3, $4::smallint, $5)",
    [projectId, identity.key, hash, answer.status, answer.text],
  );
  const [twin] = rows;
  if (twin?.outcome === "key_reused") throw keyReused();
  if (twin !== undefined) return sendText(c, twin.status, twin.body, true) as Answered<Status, Body>;
  return sendText(c, answer.status, answer.text) as Answered<Status, Body>;
}

async function attempt<Status extends ContentfulStatusCode, Body>(
  c: Context<AppEnv>,
  work: () => Promise<Answer<Status, Body>>,
): Promise<{ status: ContentfulStatusCode; text: string }> {
  try {
    const { status, body } = await work();
    return { status, text: JSON.stringify(body) };
  } catch (error) {
    if (!(error instanceof Problem && storedProblemStatuses.includes(error.status))) throw error;
    return { status: error.status, text: JSON.stringify(error.toDocument(c.var.requestId)) };
  }
}
