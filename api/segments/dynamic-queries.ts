/** The SQL of definitions of dynamic segments. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Rule } from "../domain/rules/rule.ts";

export async function countDynamicSegments(db: Kysely<DB>, projectId: string): Promise<number> {
  const row = await db
    .selectFrom("segment_evaluation")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  return row?.n ?? 0;
}

export async function insertEvaluation(tx: Transaction<DB>, projectId: string, segmentId: string): Promise<void> {
  await tx.insertInto("segment_evaluation").values({ project_id: projectId, segment_id: segmentId }).execute();
}

/** It is evaluated no more. */
export async function deleteEvaluation(tx: Transaction<DB>, projectId: string, segmentId: string): Promise<void> {
  await tx
    .deleteFrom("segment_evaluation")
    .where("project_id", "=", projectId)
    .where("segment_id", "=", segmentId)
    .execute();
}

/** It is evaluated anew, whole. */
export async function replaceRules(
  tx: Transaction<DB>,
  projectId: string,
  segmentId: string,
  rules: Rule,
  at: Date,
): Promise<void> {
  await tx
    .updateTable("segment")
    .set({ rules: JSON.stringify(rules), updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", segmentId)
    .execute();
  await tx
    .updateTable("segment_evaluation")
    .set({ version: sql`version + 1`, failure: null, failed_at: null })
    .where("project_id", "=", projectId)
    .where("segment_id", "=", segmentId)
    .execute();
}

/** Ids of static segments by name; those that are not there, or are dynamic, are left out. */
export async function findStaticSegments(
  db: Kysely<DB>,
  projectId: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  if (names.length === 0) return new Map();
  const rows = await db
    .selectFrom("segment")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("kind", "=", "static")
    .where("deleting_at", "is", null)
    .where("name", "in", [...new Set(names)])
    .execute();
  return new Map(rows.map(({ id, name }) => [name, id]));
}
