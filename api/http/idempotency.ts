/**
 * Idempotency-Key: the answer is stored by the transaction that did the work, so either both exist or neither.
 * A twin that comes meanwhile waits on the unique index and then reads the stored answer.
 */
import { createHash } from "node:crypto";
import type { Context, TypedResponse } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { JSONParsed } from "hono/utils/types";
import { type Kysely, sql, type Transaction } from "kysely";
import type pg from "pg";
import type { DB } from "../db/tables.ts";
import type { AppEnv } from "./environment.ts";
import { Problem, problemMediaType } from "./problem.ts";
import { inTransaction } from "./transaction.ts";

export interface Answer<Status extends ContentfulStatusCode, Body> {
  readonly status: Status;
  readonly body: Body;
}

/** A response that the types of a route accept for each status the handler may answer with. */
type Answered<Status extends ContentfulStatusCode, Body> = Status extends ContentfulStatusCode
  ? Response & TypedResponse<JSONParsed<Body>, Status, "json">
  : never;

/** A promise to clients is at least 24 h; twice that leaves room for clocks and long retries. */
const keptHours = 48;

/** Business refusals are answers too: the retry of a refused request must be refused, not tried again. */
const storedProblemStatuses: readonly number[] = [409, 422];

export interface RequestIdentity {
  readonly key: string;
  /** SHA-256 over method, path and the canonical body. */
  readonly hash: Buffer;
}

/**
 * Undefined without the header.
 *
 * @throws Problem 400 when the header is malformed.
 */
export function requestIdentity(c: Context<AppEnv>): RequestIdentity | undefined {
  const key = c.req.header("idempotency-key");
  if (key === undefined) return undefined;
  if (!/^[\x20-\x7e]{1,200}$/.test(key)) {
    const detail = "Expected 1 to 200 printable ASCII characters.";
    throw new Problem("invalid_request", detail, { errors: [{ pointer: "/idempotency-key", detail, in: "header" }] });
  }
  const hash = createHash("sha256")
    .update(`${c.req.method}\0${c.req.path}\0${canonicalJson(c.var.json)}`, "utf8")
    .digest();
  return { key, hash };
}

/** The same text for bodies that differ only in blanks and in the order of fields. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ""
  );
}

/**
 * Runs `work` in one transaction and answers with what it returns. A Problem thrown by `work` undoes its writes.
 *
 * @throws Problem 422 `idempotency_key_reused` when the key came with another request.
 */
export async function withIdempotency<Status extends ContentfulStatusCode, Body>(
  c: Context<AppEnv>,
  work: (tx: Transaction<DB>) => Promise<Answer<Status, Body>>,
  /** What is stored instead of the body, when the body holds a secret. */
  redact: (body: Body) => Body = (body) => body,
): Promise<Answered<Status, Body>> {
  const identity = requestIdentity(c);
  if (!identity) {
    const { status, body } = await inTransaction(c, work);
    return sendText(c, status, JSON.stringify(body)) as Answered<Status, Body>;
  }
  const { status, text, replayed } = await underIdentity(c, identity, work, redact);
  return sendText(c, status, text, replayed) as Answered<Status, Body>;
}

/** Runs `work` once for this identity; a second call, now or later, gets the first one's answer as it was. */
export function underIdentity<Status extends ContentfulStatusCode, Body>(
  c: Context<AppEnv>,
  identity: RequestIdentity,
  work: (tx: Transaction<DB>) => Promise<Answer<Status, Body>>,
  redact: (body: Body) => Body = (body) => body,
): Promise<{ readonly status: ContentfulStatusCode; readonly text: string; readonly replayed: boolean }> {
  const { projectId } = c.var.auth;
  return inTransaction(c, async (tx) => {
    const stored = await claim(tx, projectId, identity);
    if (stored) return { ...stored, replayed: true };
    const { text, storedText, status } = await attempt(c, tx, work, redact);
    await keep(tx, projectId, identity.key, status, storedText);
    return { status, text, replayed: false };
  });
}

/** The work's answer, or the refusal that it threw, with the writes before the refusal undone. */
async function attempt<Status extends ContentfulStatusCode, Body>(
  c: Context<AppEnv>,
  tx: Transaction<DB>,
  work: (tx: Transaction<DB>) => Promise<Answer<Status, Body>>,
  redact: (body: Body) => Body,
): Promise<{ status: ContentfulStatusCode; text: string; storedText: string }> {
  await sql`savepoint work`.execute(tx);
  try {
    const { status, body } = await work(tx);
    return { status, text: JSON.stringify(body), storedText: JSON.stringify(redact(body)) };
  } catch (error) {
    if (!(error instanceof Problem && storedProblemStatuses.includes(error.status))) throw error;
    await sql`rollback to savepoint work`.execute(tx);
    const text = JSON.stringify(error.toDocument(c.var.requestId));
    return { status: error.status, text, storedText: text };
  }
}

/** Undefined when the key is ours now, else what it was answered before; waits for a twin that is still at work. */
async function claim(tx: Kysely<DB>, projectId: string, { key, hash }: RequestIdentity) {
  const { rows } = await sql<{ outcome: "replayed" | "key_reused"; status: ContentfulStatusCode; body: string }>`
    select * from claim_key(${projectId}, ${key}, ${hash}, 0::smallint, '')
  `.execute(tx);
  const row = rows[0];
  if (row?.outcome === "key_reused") {
    throw keyReused();
  }
  return row && { status: row.status, text: row.body };
}

async function keep(tx: Kysely<DB>, projectId: string, key: string, status: number, body: string): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable("idempotency_key")
    .set({ response_status: status, response_body: body })
    .where("project_id", "=", projectId)
    .where("key", "=", key)
    .executeTakeFirst();
  // A key of 48 hours, swept while it was claimed: the work is undone, and the client may simply come again.
  if (numUpdatedRows !== 1n) throw new Problem("busy", "Try again.", { headers: { "retry-after": "1" } });
}

export function keyReused(): Problem {
  return new Problem("idempotency_key_reused", "This Idempotency-Key came before with another request.");
}

/** Sends an answer's text as it is, or was stored: a replay is the same to the byte. */
export function sendText(c: Context<AppEnv>, status: ContentfulStatusCode, text: string, replayed = false): Response {
  if (replayed) c.header("Idempotency-Replayed", "true");
  return c.body(text, status, { "content-type": status >= 400 ? problemMediaType : "application/json" });
}

/** How many `sweepIdempotencyKeys` deletes at most. */
export const sweptRowsMax = 5_000;

/** Deletes the oldest answers that need not be kept, few enough that no request waits. @returns how many went */
export async function sweepIdempotencyKeys(pool: pg.Pool): Promise<number> {
  const result = await pool.query(
    `delete from idempotency_key where ctid = any(array(
       select ctid from idempotency_key where created_at < now() - make_interval(hours => $1)
       order by created_at limit $2))`,
    [keptHours, sweptRowsMax],
  );
  return result.rowCount ?? 0;
}
