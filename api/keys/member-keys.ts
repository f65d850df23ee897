/** The keys that people sign in with: they change and end with their member. Called inside the member's transaction. */
import { type Kysely, sql, type Transaction, type UpdateObject } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Scope } from "../http/environment.ts";
import { type KeyRow, keyColumns } from "./create-key.ts";

const notEnded = sql<boolean>`(revoked_at is null and (expires_at is null or expires_at > now()))`;

/** The key of each member that is not on its way out, by member. */
export async function keysOfMembers(
  db: Kysely<DB>,
  projectId: string,
  memberIds: readonly string[],
): Promise<ReadonlyMap<string, KeyRow>> {
  if (memberIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("api_key")
    .select(keyColumns)
    .where("project_id", "=", projectId)
    .where("member_id", "in", memberIds)
    .where("revoked_at", "is", null)
    .where("expires_at", "is", null)
    .execute();
  return new Map(rows.map((row) => [row.member_id ?? "", row]));
}

/** Ends every live key of a member, after the grace or at once. @returns their ids, to be forgotten after the commit. */
export function endKeysOf(
  tx: Transaction<DB>,
  projectId: string,
  memberId: string,
  graceSeconds: number,
): Promise<string[]> {
  const ends =
    graceSeconds === 0
      ? { revoked_at: sql<Date>`now()` }
      : {
          expires_at: sql<Date>`least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => ${graceSeconds}))`,
        };
  return changeLive(tx, projectId, memberId, ends);
}

/** What they may do, and what they are called: at once, for sessions too. @returns as `endKeysOf`. */
export function changeKeysOf(
  tx: Transaction<DB>,
  projectId: string,
  memberId: string,
  change: { readonly name: string; readonly scopes: readonly Scope[] },
): Promise<string[]> {
  return changeLive(tx, projectId, memberId, { name: change.name, scopes: [...change.scopes] });
}

async function changeLive(
  tx: Transaction<DB>,
  projectId: string,
  memberId: string,
  change: UpdateObject<DB, "api_key">,
): Promise<string[]> {
  const rows = await tx
    .updateTable("api_key")
    .set(change)
    .where("project_id", "=", projectId)
    .where("member_id", "=", memberId)
    .where(notEnded)
    .returning("id")
    .execute();
  return rows.map((row) => row.id);
}
