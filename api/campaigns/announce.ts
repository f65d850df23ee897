/** Tells the warehouse of a campaign's change: always the full snapshot, so that the newest event alone is enough. */
import type { Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { CampaignWire } from "./schemas.ts";

type CampaignEventType = "campaign.created" | "campaign.updated" | "campaign.status_changed";

export async function announceCampaign(
  tx: Transaction<DB>,
  projectId: string,
  type: CampaignEventType,
  campaign: CampaignWire,
): Promise<void> {
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type,
      version: 1,
      occurred_at: campaign.updated_at,
      payload: {
        campaign: {
          id: campaign.id,
          type: campaign.type,
          parent_id: campaign.parent_id,
          name: campaign.name,
          template: campaign.template,
          status: campaign.status,
          currency: campaign.currency,
          budget_amount: campaign.budget_amount,
          redemptions_max: campaign.redemptions_max,
          starts_at: campaign.starts_at,
          ends_at: campaign.ends_at,
          channel: campaign.channel,
          team: campaign.team,
          metadata: campaign.metadata,
          version: campaign.version,
          holdout_percent: campaign.holdout_percent,
        },
      },
    },
  ]);
}
