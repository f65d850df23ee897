import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { type KeyRow, keyColumns } from "./create-key.ts";

/** Newest first; `before` is the id of the last key seen. */
export function selectKeys(db: Kysely<DB>, projectId: string, before: string | undefined, limit: number) {
  return db
    .selectFrom("api_key")
    .select(keyColumns)
    .where("project_id", "=", projectId)
    .$if(before !== undefined, (query) => query.where("id", "<", before ?? ""))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

export function findKey(db: Kysely<DB>, projectId: string, id: string): Promise<KeyRow | undefined> {
  return db
    .selectFrom("api_key")
    .select(keyColumns)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Revoking twice keeps the first instant. */
export async function revokeKeyRow(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  await tx
    .updateTable("api_key")
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, now())` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute();
}

/** Undefined when the project has no such key. */
export function lockKey(tx: Transaction<DB>, projectId: string, id: string) {
  return tx
    .selectFrom("api_key")
    .select(["member_id", "revoked_at"])
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/**
 * Ends a live key after the grace, never later than it would have ended anyway. `expiry` is when that was: what replaces
 * the key lives no longer. Undefined when there is no such key, or it has ended.
 */
export async function endKey(
  tx: Kysely<DB>,
  projectId: string,
  id: string,
  graceSeconds: number,
): Promise<(KeyRow & { readonly expiry: Date | null }) | undefined> {
  const live = await tx
    .selectFrom("api_key")
    .select("expires_at")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", sql<Date>`now()`)]))
    .forUpdate()
    .executeTakeFirst();
  if (live === undefined) return undefined;
  const ends =
    graceSeconds === 0
      ? { revoked_at: sql<Date>`now()` }
      : {
          expires_at: sql<Date>`least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => ${graceSeconds}))`,
        };
  const ended = await tx
    .updateTable("api_key")
    .set(ends)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returning(keyColumns)
    .executeTakeFirstOrThrow();
  return { ...ended, expiry: live.expires_at };
}
