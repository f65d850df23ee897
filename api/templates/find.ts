/** What other features ask of templates. */
import type { Kysely, Selectable } from "kysely";
import type { DB } from "../db/tables.ts";

export type TemplateRow = Selectable<DB["template"]>;

/** Undefined when it was deleted. */
export function findTemplate(db: Kysely<DB>, projectId: string, id: string): Promise<TemplateRow | undefined> {
  return db
    .selectFrom("template")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** { language: { part: text } }; also of a template that was deleted, whose deliveries are still on their way. */
export async function findTexts(
  db: Kysely<DB>,
  projectId: string,
  id: string,
  version: number,
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>> | undefined> {
  const row = await db
    .selectFrom("template_version")
    .select("languages")
    .where("project_id", "=", projectId)
    .where("template_id", "=", id)
    .where("version", "=", version)
    .executeTakeFirst();
  return row?.languages;
}
