import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import type { Actor } from "./actor.ts";

export interface ReviewCounts {
  readonly open: number;
  readonly held: number;
  readonly overdue: number;
  /** Of what is open or held: what the reviewer who asks has now. */
  readonly mine: number;
}

/** What waits for somebody. */
export async function countReviews(deps: Deps, projectId: string, actor: Actor): Promise<ReviewCounts> {
  const row = await deps.db
    .selectFrom("review as r")
    .select([
      sql<number>`count(*) filter (where r.status = 'open')::int`.as("open"),
      sql<number>`count(*) filter (where r.status = 'held')::int`.as("held"),
      sql<number>`count(*) filter (where r.due_at <= clock_timestamp())::int`.as("overdue"),
      sql<number>`count(*) filter (where r.assigned_to = ${actor.keyId} and r.locked_until > clock_timestamp())::int`.as(
        "mine",
      ),
    ])
    .where("r.project_id", "=", projectId)
    .where("r.status", "in", ["open", "held"])
    .executeTakeFirstOrThrow();
  return row;
}
