import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { announceCampaign } from "./announce.ts";
import { type DefinitionColumns, mainColumns, subColumns } from "./definition-columns.ts";
import { findCampaign } from "./find.ts";
import { insertCampaign } from "./queries.ts";
import type { CampaignInput, CampaignWire } from "./schemas.ts";
import { changeStatus } from "./status.ts";
import { keepVersion } from "./versions.ts";
import { toWire } from "./wire.ts";

/** A new campaign, as a draft. @throws Problem when its parent is not a main campaign of the same currency. */
export async function createCampaign(
  tx: Transaction<DB>,
  projectId: string,
  input: CampaignInput,
  at: Date = new Date(),
): Promise<CampaignWire> {
  const id = newId("cam");
  const columns = await definitionColumns(tx, projectId, input, at);
  await insertCampaign(tx, {
    ...columns,
    project_id: projectId,
    id,
    type: input.type,
    status: "draft",
    created_at: at,
    updated_at: at,
  });
  const row = await findCampaign(tx, projectId, id);
  if (!row) throw new Error("the campaign just created is not there");
  const campaign = toWire(row);
  await keepVersion(tx, projectId, campaign);
  await announceCampaign(tx, projectId, "campaign.created", campaign);
  return campaign;
}

/** The columns of a definition. All of them: a field that is absent goes back to its default. */
export async function definitionColumns(
  tx: Transaction<DB>,
  projectId: string,
  input: CampaignInput,
  at: Date,
): Promise<DefinitionColumns> {
  return input.type === "sub"
    ? await subColumns(tx, projectId, input, () => createGiftCampaign(tx, projectId, input.currency, at))
    : mainColumns(input);
}

/** Where gift credit goes when a reward names no campaign and the project has none: a pair of its own, active. */
async function createGiftCampaign(tx: Transaction<DB>, projectId: string, currency: string, at: Date): Promise<string> {
  const name = `Gift credit (${currency})`;
  const main = await createCampaign(tx, projectId, { type: "main", name, template: "gift_card", currency }, at);
  const sub = await createCampaign(tx, projectId, { type: "sub", parent_id: main.id, name, currency }, at);
  for (const { id } of [main, sub]) await changeStatus(tx, projectId, id, "activate", at);
  return sub.id;
}
