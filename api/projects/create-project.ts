import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { scopes } from "../http/environment.ts";
import { newId } from "../ids.ts";
import { createKey, type KeyRow } from "../keys/create-key.ts";

export interface NewProject {
  readonly name: string;
  /** Text of the first key, given by the operator; else a random one is made. */
  readonly keyText?: string;
}

export interface CreatedProject {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** The first key, with every scope. Its text is shown once. */
  readonly key: { readonly row: KeyRow; readonly text: string };
}

/** Undefined when the name is taken. Call it in a transaction: a project without a key is of no use. */
export async function createProject(db: Kysely<DB>, project: NewProject): Promise<CreatedProject | undefined> {
  const row = await db
    .insertInto("project")
    .values({ id: newId("prj"), name: project.name })
    .onConflict((oc) => oc.column("name").doNothing())
    .returning(["id", "name", "created_at"])
    .executeTakeFirst();
  if (!row) return undefined;
  const key = await createKey(db, {
    projectId: row.id,
    name: "first key",
    kind: "secret",
    scopes,
    ...(project.keyText === undefined ? {} : { text: project.keyText }),
  });
  return { id: row.id, name: row.name, createdAt: row.created_at, key };
}
