/** Taking a review and giving it back: of two reviewers one has it, and the other learns until when. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import { Problem } from "../http/problem.ts";
import { type Actor, signedTransaction } from "./actor.ts";
import { lockMinutes } from "./priority.ts";
import { readOne } from "./read-one.ts";
import { announce, lockReview, nameOfKey, note, type ReviewRow } from "./rows.ts";
import type { ReviewWire } from "./schemas.ts";

/**
 * For 15 minutes from now; the same reviewer again begins them anew.
 *
 * @throws Problem not_found, review_locked, review_decided.
 */
export async function assignReview(deps: Deps, projectId: string, actor: Actor, id: string): Promise<ReviewWire> {
  await signedTransaction(deps.pool, actor, async ({ tx }) => {
    const before = await lockReview(tx, projectId, id);
    refuseDecided(before);
    const now = await clock(tx);
    refuseLocked(before, actor, now);
    const reviewer = await nameOfKey(tx, actor.keyId);
    const renewed = isHeldBy(before, actor.keyId, now);
    const row = await tx
      .updateTable("review")
      .set({
        assigned_to: reviewer.id,
        assigned_name: reviewer.name,
        locked_until: new Date(now.getTime() + lockMinutes * 60_000),
        updated_at: now,
        ...(renewed ? {} : { assigned_at: now }),
      })
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    if (renewed) return;
    await note(tx, row, { kind: "assigned", by: reviewer, at: now });
    await announce(tx, row, "review.assigned", reviewer, now);
  });
  return readOne(deps, projectId, id);
}

/**
 * One that nobody has stays so.
 *
 * @throws Problem not_found, review_locked when another reviewer has it.
 */
export async function releaseReview(deps: Deps, projectId: string, actor: Actor, id: string): Promise<ReviewWire> {
  await signedTransaction(deps.pool, actor, async ({ tx }) => {
    const before = await lockReview(tx, projectId, id);
    const now = await clock(tx);
    refuseLocked(before, actor, now);
    if (!isHeldBy(before, actor.keyId, now)) return;
    await tx
      .updateTable("review")
      .set({ ...nobody, updated_at: now })
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .execute();
    await note(tx, before, { kind: "released", by: await nameOfKey(tx, actor.keyId), at: now });
  });
  return readOne(deps, projectId, id);
}

export const nobody = { assigned_to: null, assigned_name: null, assigned_at: null, locked_until: null } as const;

/** The database's clock: locks are compared by one clock, whichever process asks. */
export async function clock(tx: Kysely<DB>): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new Error("a select without from has one row");
  return row.now;
}

function isHeldBy(row: ReviewRow, keyId: string, now: Date): boolean {
  return row.assigned_to === keyId && row.locked_until !== null && row.locked_until > now;
}

/** @throws Problem review_locked while somebody else has it. */
export function refuseLocked(row: ReviewRow, actor: Actor, now: Date): void {
  if (row.locked_until === null || row.locked_until <= now || row.assigned_to === actor.keyId) return;
  const until = row.locked_until.toISOString();
  throw new Problem("review_locked", `${row.assigned_name ?? "Another reviewer"} has it until ${until}.`, {
    extensions: { locked_until: until, assigned_to: { id: row.assigned_to, name: row.assigned_name } },
  });
}

/** @throws Problem review_decided */
export function refuseDecided(row: ReviewRow): void {
  if (row.status !== "confirmed" && row.status !== "dismissed") return;
  const at = row.decided_at?.toISOString();
  throw new Problem("review_decided", `${row.decided_name ?? "A reviewer"} ${row.status} it at ${at}.`, {
    extensions: { status: row.status, decided_at: at, decided_by: { id: row.decided_by, name: row.decided_name } },
  });
}
