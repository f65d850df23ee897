/** Definitions as they were, by version: what a decision of the past was made for. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { CampaignDefinition, CampaignVersionWire, CampaignWire } from "./schemas.ts";

/**
 * Keeps the version that a campaign has now. Call it in the transaction of every change.
 *
 * @param wasAutomatic whether the version before applied without a code: those who cache that list must learn of its end too.
 */
export async function keepVersion(
  tx: Transaction<DB>,
  projectId: string,
  campaign: CampaignWire,
  wasAutomatic = false,
): Promise<void> {
  const { usage: _usage, created_at: _created, updated_at, ...definition } = campaign;
  await tx
    .insertInto("campaign_version")
    .values({
      project_id: projectId,
      campaign_id: campaign.id,
      version: campaign.version,
      definition: JSON.stringify(definition satisfies CampaignDefinition),
      created_at: new Date(updated_at),
    })
    .execute();
  if (wasAutomatic || campaign.automatic) await outdateAutomatic(tx, projectId);
  else if (campaign.type === "main") await outdateAutomatic(tx, projectId, campaign.id);
}

/** With a main campaign's id: only when it has automatic children. Its row is locked, so none comes meanwhile. */
async function outdateAutomatic(tx: Transaction<DB>, projectId: string, mainId: string | null = null): Promise<void> {
  await sql`
    insert into automatic_version as a (project_id, version)
    select ${projectId}, 1
    where ${mainId}::text is null
       or exists (select from campaign where project_id = ${projectId} and parent_id = ${mainId} and automatic)
    on conflict (project_id) do update set version = a.version + 1
  `.execute(tx);
}

/** Newest first; `before` is the last version of the page before. */
export async function listVersions(
  db: Kysely<DB>,
  projectId: string,
  campaignId: string,
  page: { readonly limit: number; readonly before: number | undefined },
): Promise<CampaignVersionWire[]> {
  const rows = await selectVersions(db, projectId, campaignId)
    .$if(page.before !== undefined, (q) => q.where("version", "<", page.before as number))
    .orderBy("version", "desc")
    .limit(page.limit)
    .execute();
  return rows.map(toVersionWire);
}

export async function findVersion(
  db: Kysely<DB>,
  projectId: string,
  campaignId: string,
  version: number,
): Promise<CampaignVersionWire | undefined> {
  const row = await selectVersions(db, projectId, campaignId).where("version", "=", version).executeTakeFirst();
  return row && toVersionWire(row);
}

function selectVersions(db: Kysely<DB>, projectId: string, campaignId: string) {
  return db
    .selectFrom("campaign_version")
    .select(["campaign_id", "version", "definition", "created_at"])
    .where("project_id", "=", projectId)
    .where("campaign_id", "=", campaignId);
}

function toVersionWire(row: { campaign_id: string; version: number; definition: unknown; created_at: Date }) {
  return {
    campaign_id: row.campaign_id,
    version: row.version,
    created_at: row.created_at.toISOString(),
    definition: row.definition as CampaignDefinition,
  };
}
