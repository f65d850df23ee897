/** One campaign, for every feature that needs it. */
import type { Kysely, Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { CampaignRow } from "./wire.ts";

/** With what it has used. */
export function selectCampaigns(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("campaign as c")
    .innerJoin("campaign_usage as u", (join) =>
      join.onRef("u.project_id", "=", "c.project_id").onRef("u.campaign_id", "=", "c.id"),
    )
    .selectAll("c")
    .select(["u.redemptions_count", "u.discount_amount", "u.orders_amount"])
    .where("c.project_id", "=", projectId);
}

export function findCampaign(db: Kysely<DB>, projectId: string, id: string): Promise<CampaignRow | undefined> {
  return selectCampaigns(db, projectId).where("c.id", "=", id).executeTakeFirst();
}

/** Keeps a campaign as it is (its status, its currency) until the transaction ends, without stopping its redemptions. */
export function holdCampaign(tx: Transaction<DB>, projectId: string, id: string) {
  return tx
    .selectFrom("campaign")
    .select(["id", "type", "status", "currency", "time_zone", "template"])
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forShare()
    .executeTakeFirst();
}
