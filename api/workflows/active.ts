/** Active workflows, ready to be matched: definitions are parsed once a version. */

import type { Kysely } from "kysely";
import { LRUCache } from "lru-cache";
import type { DB } from "../db/tables.ts";
import { type Definition, parseStoredDefinition } from "./definition.ts";

export interface ActiveWorkflow {
  readonly projectId: string;
  readonly id: string;
  readonly version: number;
  readonly activeSince: Date;
  readonly definition: Definition;
}

/** A version never changes. */
const parsed = new LRUCache<string, Definition>({ max: 1_000 });

function definitionOf(projectId: string, id: string, version: number, stored: unknown): Definition {
  const key = `${projectId} ${id} ${version}`;
  let definition = parsed.get(key);
  if (definition === undefined) {
    definition = parseStoredDefinition(stored);
    parsed.set(key, definition);
  }
  return definition;
}

export async function readActive(
  db: Kysely<DB>,
  projectIds: readonly string[],
  triggers: readonly string[],
  /** Absent: all of them. */
  id?: string,
): Promise<ActiveWorkflow[]> {
  if (projectIds.length === 0 || triggers.length === 0) return [];
  const rows = await db
    .selectFrom("workflow")
    .select(["project_id", "id", "version", "active_since", "definition"])
    .where("status", "=", "active")
    .where("trigger_on", "in", triggers)
    .where("project_id", "in", projectIds)
    .$if(id !== undefined, (query) => query.where("id", "=", id ?? ""))
    .orderBy("id")
    .execute();
  return rows.map((row) => {
    if (row.active_since === null) throw new Error("an active workflow is active since never");
    return {
      projectId: row.project_id,
      id: row.id,
      version: row.version,
      activeSince: row.active_since,
      definition: definitionOf(row.project_id, row.id, row.version, row.definition),
    };
  });
}

/** The definition that a run keeps. */
export async function readVersion(
  db: Kysely<DB>,
  run: { readonly project_id: string; readonly workflow_id: string; readonly version: number },
): Promise<Definition> {
  const row = await db
    .selectFrom("workflow_version")
    .select("definition")
    .where("project_id", "=", run.project_id)
    .where("workflow_id", "=", run.workflow_id)
    .where("version", "=", run.version)
    .executeTakeFirstOrThrow();
  return definitionOf(run.project_id, run.workflow_id, run.version, row.definition);
}
