/** The SQL of campaigns. */
import { type Insertable, type Kysely, sql, type Transaction, type Updateable } from "kysely";
import type { DB } from "../db/tables.ts";
import { findCampaign, selectCampaigns } from "./find.ts";
import type { CampaignRow } from "./wire.ts";

export interface CampaignFilter {
  readonly status?: CampaignRow["status"] | undefined;
  readonly type?: CampaignRow["type"] | undefined;
  readonly parentId?: string | undefined;
  /** A part of the name, in any case. */
  readonly search?: string | undefined;
}

/** Newest first. `before` is the id of the last row of the page before. */
export function listCampaignRows(
  db: Kysely<DB>,
  projectId: string,
  filter: CampaignFilter,
  page: { readonly limit: number; readonly before: string | undefined },
): Promise<CampaignRow[]> {
  return selectCampaigns(db, projectId)
    .$if(filter.status !== undefined, (q) => q.where("c.status", "=", filter.status as CampaignRow["status"]))
    .$if(filter.type !== undefined, (q) => q.where("c.type", "=", filter.type as CampaignRow["type"]))
    .$if(filter.parentId !== undefined, (q) => q.where("c.parent_id", "=", filter.parentId as string))
    .$if(filter.search !== undefined, (q) => q.where("c.name", "ilike", `%${literally(filter.search ?? "")}%`))
    .$if(page.before !== undefined, (q) => q.where("c.id", "<", page.before as string))
    .orderBy("c.id", "desc")
    .limit(page.limit)
    .execute();
}

/** For `like`: what is searched for has no signs of its own. */
function literally(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}

/**
 * Takes the campaign for a change. The counter's row is locked first, as a redemption does: a redemption that has
 * taken its use then knows that the definition it was decided for still stands.
 */
export async function lockCampaign(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
): Promise<CampaignRow | undefined> {
  await tx
    .selectFrom("campaign_usage")
    .select("campaign_id")
    .where("project_id", "=", projectId)
    .where("campaign_id", "=", id)
    .forUpdate()
    .execute();
  await tx
    .selectFrom("campaign")
    .select("id")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forNoKeyUpdate()
    .execute();
  return findCampaign(tx, projectId, id);
}

export async function insertCampaign(tx: Transaction<DB>, row: Insertable<DB["campaign"]>): Promise<void> {
  await tx.insertInto("campaign").values(row).execute();
  await tx.insertInto("campaign_usage").values({ project_id: row.project_id, campaign_id: row.id }).execute();
}

/** Every change makes a new version: decisions made for the one before are refused from then on. */
export async function updateCampaign(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: Updateable<DB["campaign"]>,
): Promise<void> {
  await tx
    .updateTable("campaign")
    .set(change)
    .set({ version: sql`version + 1` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute();
}

export async function hasChildren(tx: Transaction<DB>, projectId: string, id: string): Promise<boolean> {
  const child = await tx
    .selectFrom("campaign")
    .select("id")
    .where("project_id", "=", projectId)
    .where("parent_id", "=", id)
    .limit(1)
    .executeTakeFirst();
  return child !== undefined;
}
