/** Names to choose from in forms. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

/** A list to choose from; longer ones are nobody's to read. */
const namesMax = 300;

export interface Named {
  readonly id: string;
  readonly name: string;
}

export function poolNames(db: Kysely<DB>, projectId: string): Promise<Named[]> {
  return named(db, projectId, "pool");
}

export async function segmentNames(db: Kysely<DB>, projectId: string): Promise<string[]> {
  return (await namedSegments(db, projectId)).map(({ name }) => name);
}

export function namedSegments(db: Kysely<DB>, projectId: string): Promise<Named[]> {
  return named(db, projectId, "segment");
}

/** Of one kind, to choose from. */
export function templateNames(db: Kysely<DB>, projectId: string, kind: string): Promise<Named[]> {
  return db
    .selectFrom("template")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("kind", "=", kind)
    .where("deleted_at", "is", null)
    .orderBy("name")
    .limit(namesMax)
    .execute();
}

function named(db: Kysely<DB>, projectId: string, table: "pool" | "segment"): Promise<Named[]> {
  return db
    .selectFrom(table)
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .orderBy("name")
    .limit(namesMax)
    .execute();
}

/** By id, also of what was deleted as long as it is there. */
export async function namesOf(
  db: Kysely<DB>,
  projectId: string,
  table: "segment" | "channel" | "template",
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom(table)
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("id", "in", [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
