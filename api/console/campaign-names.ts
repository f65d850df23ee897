import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

/** A list to choose from; longer ones are nobody's to read. */
const namesMax = 300;

export interface CampaignName {
  readonly id: string;
  readonly name: string;
}

/** The newest campaigns, by name. */
export async function campaignNames(db: Kysely<DB>, projectId: string): Promise<CampaignName[]> {
  const rows = await db
    .selectFrom("campaign")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .orderBy("id", "desc")
    .limit(namesMax)
    .execute();
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
