/** One press of a button, however often it is pressed: the form that asks carries a name for it. */
import { createHash, randomUUID } from "node:crypto";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Transaction } from "kysely";
import { z } from "zod";
import type { DB } from "../../db/tables.ts";
import type { AppEnv } from "../../http/environment.ts";
import { canonicalJson, underIdentity } from "../../http/idempotency.ts";
import { Problem, type ProblemCode } from "../../http/problem.ts";
import type { ConsoleEnv, Form } from "../viewer.ts";
import { textOf } from "./sheet.ts";

export function newAttempt(): string {
  return randomUUID();
}

/** Goes into a form whose work must be done once. */
export function AttemptField() {
  return <input type="hidden" name="attempt" value={newAttempt()} />;
}

/** @throws Problem 400 for a form that no page of ours made. */
export function attemptOf(form: Form): string {
  const attempt = textOf(form, "attempt") ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(attempt)) {
    throw new Problem("invalid_request", "The form is not complete. Load the page again.");
  }
  return attempt;
}

/** As an Idempotency-Key and what came with it: the second press gets the answer of the first. */
export function identityOf(attempt: string, what: string, body: unknown) {
  const hash = createHash("sha256")
    .update(`console ${what}\0${canonicalJson(body)}`, "utf8")
    .digest();
  return { key: `console-${what}-${attempt}`, hash };
}

/** The API's handlers and ours find the same things in their context. */
export const asRequest = (c: Context<ConsoleEnv>) => c as unknown as Context<AppEnv>;

const refusal = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/**
 * Runs `work` in a transaction that is signed with the session's key, once for a form however often it is sent.
 *
 * @param body what the form asks for; the same form changed meanwhile is refused.
 * @param redact what is kept for the second press, when the answer holds a secret.
 * @throws Problem what `work` throws, the second time too
 */
export async function once<Body>(
  c: Context<ConsoleEnv>,
  form: Form,
  what: string,
  body: unknown,
  work: (tx: Transaction<DB>) => Promise<Body>,
  redact: (body: Body) => Body = (answer) => answer,
): Promise<Body> {
  const identity = identityOf(attemptOf(form), what, body);
  const workOnce = async (tx: Transaction<DB>) => ({ status: 200 as ContentfulStatusCode, body: await work(tx) });
  const done = await underIdentity(asRequest(c), identity, workOnce, redact);
  if (done.status < 400) return JSON.parse(done.text) as Body;
  const { code, detail, errors } = refusal.parse(JSON.parse(done.text));
  throw new Problem(code as ProblemCode, detail, errors === undefined ? {} : { errors });
}
