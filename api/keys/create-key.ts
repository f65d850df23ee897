import { randomBytes } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Scope } from "../http/environment.ts";
import { newId } from "../ids.ts";
import { hashKey } from "./key-ring.ts";

export interface NewKey {
  readonly projectId: string;
  readonly name: string;
  readonly kind: "secret" | "publishable";
  readonly scopes: readonly Scope[];
  /** Only publishable keys have any. */
  readonly allowedOrigins?: readonly string[];
  readonly expiresAt?: Date | null;
  /** The person who signs in with it; absent: a machine's. */
  readonly memberId?: string;
  /** Given by the operator; else 256 random bits. */
  readonly text?: string;
}

export type KeyRow = Omit<Selectable<DB["api_key"]>, "key_hash">;

/** Stores the digest and returns the text, which nobody can read again. */
export async function createKey(db: Kysely<DB>, key: NewKey): Promise<{ row: KeyRow; text: string }> {
  const prefix = key.kind === "secret" ? "tsk" : "tpk";
  const text = key.text ?? `${prefix}_${randomBytes(32).toString("base64url")}`;
  const row = await db
    .insertInto("api_key")
    .values({
      id: newId("key"),
      project_id: key.projectId,
      name: key.name,
      kind: key.kind,
      key_hash: hashKey(text),
      hint: `…${text.slice(-4)}`,
      scopes: [...key.scopes],
      allowed_origins: [...(key.allowedOrigins ?? [])],
      expires_at: key.expiresAt ?? null,
      member_id: key.memberId ?? null,
    })
    .returning(keyColumns)
    .executeTakeFirstOrThrow();
  return { row, text };
}

export const keyColumns = [
  "id",
  "project_id",
  "name",
  "kind",
  "hint",
  "scopes",
  "allowed_origins",
  "created_at",
  "expires_at",
  "revoked_at",
  "member_id",
] as const;
