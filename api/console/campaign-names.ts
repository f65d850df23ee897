import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

/** A list to choose from; longer ones are nobody's to read. */
const namesMax = 100;

export interface CampaignName {
  readonly id: string;
  readonly name: string;
}

/** The newest campaigns, by name. @param wanted are among them, however old they are. */
export async function campaignNames(
  db: Kysely<DB>,
  projectId: string,
  wanted: readonly string[] = [],
): Promise<CampaignName[]> {
  const rows = await db
    .selectFrom("campaign")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .orderBy("id", "desc")
    .limit(namesMax)
    .execute();
  const missing = wanted.filter((id) => !rows.some((row) => row.id === id));
  const named = await namesOfCampaigns(db, projectId, missing);
  rows.push(...[...named].map(([id, name]) => ({ id, name })));
  return rows.sort((a, b) => a.name.localeCompare(b.name, "en"));
}

export async function campaignName(db: Kysely<DB>, projectId: string, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("campaign")
    .select("name")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.name;
}

/** By id; of what is no campaign there is none. */
export async function namesOfCampaigns(
  db: Kysely<DB>,
  projectId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("campaign")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("id", "in", [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
