import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { announceCampaign } from "./announce.ts";
import { findCampaign, holdCampaign } from "./find.ts";
import { lockCampaign, updateCampaign } from "./queries.ts";
import type { CampaignWire } from "./schemas.ts";
import { keepVersion } from "./versions.ts";
import { toWire } from "./wire.ts";

export const statusVerbs = ["activate", "pause", "archive"] as const;
export type StatusVerb = (typeof statusVerbs)[number];

/** draft → active ⇄ paused → archived, draft → archived. What is archived stays so. */
const transitions = {
  activate: { from: ["draft", "paused"], to: "active" },
  pause: { from: ["active"], to: "paused" },
  archive: { from: ["draft", "paused"], to: "archived" },
} as const satisfies Record<StatusVerb, { from: readonly CampaignWire["status"][]; to: CampaignWire["status"] }>;

/**
 * A sub-campaign may be activated before its main campaign is: codes work once both are active.
 *
 * @throws Problem `not_found`, or `campaign_status_conflict` when the present status does not lead there.
 */
export async function changeStatus(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  verb: StatusVerb,
  at: Date = new Date(),
): Promise<CampaignWire> {
  const found = await findCampaign(tx, projectId, id);
  if (!found) throw notFound("campaign");
  // Locks go from the main campaign down, here as everywhere.
  const parent = found.parent_id === null ? null : await holdCampaign(tx, projectId, found.parent_id);
  const current = await lockCampaign(tx, projectId, id);
  if (!current) throw notFound("campaign");
  const { from, to } = transitions[verb];
  if (!(from as readonly string[]).includes(current.status)) {
    throw new Problem("campaign_status_conflict", `A campaign that is ${current.status} cannot become ${to}.`);
  }
  if (verb === "activate" && parent?.status === "archived") {
    throw new Problem("campaign_status_conflict", "The main campaign is archived.");
  }
  await updateCampaign(tx, projectId, id, { status: to, updated_at: at });
  const campaign = toWire({ ...current, status: to, version: current.version + 1, updated_at: at });
  await keepVersion(tx, projectId, campaign);
  await announceCampaign(tx, projectId, "campaign.status_changed", campaign);
  return campaign;
}
