/** As of when the members of dynamic segments are. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { SegmentAge } from "../domain/decision.ts";
import type { SegmentRow } from "./queries.ts";

/**
 * Of the dynamic ones among these names, by name; lists have no age. Found along the unique index on the name.
 *
 * @param names of rules: some may be of no segment.
 */
export async function readSegmentAges(
  db: Kysely<DB>,
  projectId: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, SegmentAge>> {
  if (names.length === 0) return new Map();
  const rows = await db
    .selectFrom("segment as s")
    .innerJoin("segment_evaluation as e", (join) =>
      join.onRef("e.project_id", "=", "s.project_id").onRef("e.segment_id", "=", "s.id"),
    )
    .leftJoin("segment_pass as p", "p.project_id", "s.project_id")
    .select(["s.name", "e.version", "e.evaluated_version", "e.failure", "e.whole_at", "p.seen_to"])
    .select(sql<Date>`now()`.as("read_at"))
    .where("s.project_id", "=", projectId)
    .where(sql<boolean>`s.name = any(${names}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.name, { segment: row.name, ...ageOf(row) }]));
}

type Evaluated = Pick<SegmentRow, "version" | "evaluated_version" | "failure" | "whole_at" | "seen_to" | "read_at">;

/** Nulls for a list, and before the first evaluation. */
export function ageOf(row: Evaluated): Omit<SegmentAge, "segment"> {
  const isEvaluated = row.evaluated_version !== null && row.evaluated_version === row.version;
  // The pass over everybody may be newer than the last one over those who changed.
  const isFollowed = isEvaluated && row.failure === null;
  const at = isFollowed ? newest(row.seen_to, row.whole_at) : row.whole_at;
  if (at === null) return { evaluated_at: null, age_seconds: null };
  const ageMs = row.read_at.getTime() - at.getTime();
  return { evaluated_at: at.toISOString(), age_seconds: Math.max(0, Math.floor(ageMs / 1_000)) };
}

function newest(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
