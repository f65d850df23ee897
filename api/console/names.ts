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
  return (await named(db, projectId, "segment")).map(({ name }) => name);
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
