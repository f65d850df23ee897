/** The dynamic segments of a project, as a pass needs them. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/tables.ts";
import type { Rule } from "../../domain/rules/rule.ts";
import { findStaticSegments } from "../dynamic-queries.ts";
import { drifts, namedSegments } from "../rules/leaves.ts";
import { segmentRules } from "../rules/schema.ts";

export interface Definition {
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly evaluatedVersion: number | null;
  readonly wholeAt: Date | null;
  readonly failedAt: Date | null;
  readonly rules: Rule;
  readonly drifts: boolean;
}

export async function findProjectsWithDynamicSegments(db: Kysely<DB>): Promise<string[]> {
  const rows = await db
    .selectFrom("segment_evaluation")
    .select("project_id")
    .distinct()
    .orderBy("project_id")
    .execute();
  return rows.map((row) => row.project_id);
}

export async function findDefinitions(db: Kysely<DB>, projectId: string): Promise<Definition[]> {
  const rows = await db
    .selectFrom("segment_evaluation as e")
    .innerJoin("segment as s", (join) =>
      join.onRef("s.project_id", "=", "e.project_id").onRef("s.id", "=", "e.segment_id"),
    )
    .select(["s.id", "s.rules", "e.number", "e.version", "e.evaluated_version", "e.whole_at", "e.failed_at"])
    .where("e.project_id", "=", projectId)
    .orderBy("e.number")
    .execute();
  return rows.map((row) => {
    const rules = segmentRules.parse(row.rules);
    return {
      id: row.id,
      number: row.number,
      version: row.version,
      evaluatedVersion: row.evaluated_version,
      wholeAt: row.whole_at,
      failedAt: row.failed_at,
      rules,
      drifts: drifts(rules),
    };
  });
}

/** The lists that any of the rules name. */
export function findNamedLists(
  db: Kysely<DB>,
  projectId: string,
  rules: readonly Rule[],
): Promise<Map<string, string>> {
  return findStaticSegments(
    db,
    projectId,
    rules.flatMap((rule) => namedSegments(rule).map(({ name }) => name)),
  );
}

/** Epoch ms by the clock of the warehouse; undefined before the first pass. */
export async function readSeenTo(db: Kysely<DB>, projectId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("segment_pass")
    .select("seen_to")
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  return row?.seen_to.getTime();
}

export async function writeSeenTo(db: Kysely<DB>, projectId: string, seenTo: number): Promise<void> {
  await db
    .insertInto("segment_pass")
    .values({ project_id: projectId, seen_to: new Date(seenTo) })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet({ seen_to: new Date(seenTo) }))
    .execute();
}

/**
 * @param segments with the version by which everybody was looked at: of rules that changed meanwhile it was not that.
 * @param at when the look began. Who was touched since by a look that failed was seen by no other.
 */
export async function writeEvaluated(
  db: Kysely<DB>,
  projectId: string,
  segments: readonly { readonly id: string; readonly version: number }[],
  at: Date,
): Promise<void> {
  await sql`
    update segment_evaluation e
    set evaluated_version = e.version, whole_at = ${at}::timestamptz, failure = null, failed_at = null
    from unnest(${segments.map(({ id }) => id)}::text[], ${segments.map(({ version }) => version)}::int[]) s(id, version)
    where e.project_id = ${projectId} and e.segment_id = s.id and e.version = s.version
      and (e.failed_at is null or e.failed_at <= ${at}::timestamptz)`.execute(db);
}

export async function writeFailed(
  db: Kysely<DB>,
  projectId: string,
  { id, version }: { readonly id: string; readonly version: number },
  failure: string,
  at: Date,
): Promise<void> {
  await db
    .updateTable("segment_evaluation")
    .set({ failure, failed_at: at })
    .where("project_id", "=", projectId)
    .where("segment_id", "=", id)
    .where("version", "=", version)
    .execute();
}
