/** Keys of machines: made, replaced and revoked. A member's key changes with the member (api/members). */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createKey } from "./create-key.ts";
import { endKey, lockKey, revokeKeyRow } from "./queries.ts";
import { type createdKeyWire, type keyBody, toKeyWire } from "./schemas.ts";

export type CreatedKeyWire = z.output<typeof createdKeyWire>;

/** What is stored for a replay: the text of a key is never written anywhere. */
export function withoutText(key: CreatedKeyWire): CreatedKeyWire {
  return { ...key, key: null };
}

export async function makeKey(
  tx: Transaction<DB>,
  projectId: string,
  body: z.output<typeof keyBody>,
): Promise<CreatedKeyWire> {
  const { row, text } = await createKey(tx, {
    projectId,
    name: body.name,
    kind: body.kind ?? "secret",
    scopes: body.kind === "publishable" ? ["checkout"] : body.scopes,
    allowedOrigins: body.kind === "publishable" ? body.allowed_origins : [],
    expiresAt: body.expires_at === undefined ? null : new Date(body.expires_at),
  });
  return { ...toKeyWire(row), key: text };
}

/**
 * Revoking twice keeps the first instant.
 *
 * @param ownKeyId who asks: the last key with `admin` could otherwise shut the project for good.
 * @throws Problem `not_found`, or `conflict` for one's own key and for a member's.
 */
export async function revokeKey(tx: Transaction<DB>, projectId: string, ownKeyId: string, id: string): Promise<void> {
  if (id === ownKeyId) throw new Problem("conflict", "A key cannot revoke itself. Rotate it instead.");
  await refuseMembersKey(tx, projectId, id);
  await revokeKeyRow(tx, projectId, id);
}

/** The same name, scopes and origins; never valid for longer. @throws Problem `not_found`, `conflict` */
export async function rotateKey(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  graceSeconds: number,
): Promise<CreatedKeyWire> {
  await refuseMembersKey(tx, projectId, id);
  const old = await endKey(tx, projectId, id, graceSeconds);
  if (!old) throw notFound("key");
  const { row, text } = await createKey(tx, {
    projectId: old.project_id,
    name: old.name,
    kind: old.kind,
    scopes: toKeyWire(old).scopes,
    allowedOrigins: old.allowed_origins,
    expiresAt: old.expiry,
  });
  return { ...toKeyWire(row), key: text };
}

async function refuseMembersKey(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  const key = await lockKey(tx, projectId, id);
  if (!key) throw notFound("key");
  if (key.member_id !== null && key.revoked_at === null) {
    const detail = `This is the key of the member ${key.member_id}: give the member a new one, or remove the member.`;
    throw new Problem("conflict", detail);
  }
}
