import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { type KeyRow, keyColumns } from "./create-key.ts";

/** Newest first; `before` is the id of the last key seen. */
export function listKeys(db: Kysely<DB>, projectId: string, before: string | undefined, limit: number) {
  return db
    .selectFrom("api_key")
    .select(keyColumns)
    .where("project_id", "=", projectId)
    .$if(before !== undefined, (query) => query.where("id", "<", before ?? ""))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** False when the project has no such key. Revoking twice keeps the first instant. */
export async function revokeKey(db: Kysely<DB>, projectId: string, id: string): Promise<boolean> {
  const row = await db
    .updateTable("api_key")
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, now())` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** Ends a live key after the grace, never later than it would have ended anyway. Undefined when there is none. */
export function endKey(
  tx: Kysely<DB>,
  projectId: string,
  id: string,
  graceSeconds: number,
): Promise<KeyRow | undefined> {
  const query = tx
    .updateTable("api_key")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .returning(keyColumns);
  if (graceSeconds === 0) return query.set({ revoked_at: sql<Date>`now()` }).executeTakeFirst();
  const end = sql<Date>`least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => ${graceSeconds}))`;
  return query.set({ expires_at: end }).executeTakeFirst();
}
