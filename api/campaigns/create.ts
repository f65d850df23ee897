import type { Insertable, Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { invalid, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { announceCampaign } from "./announce.ts";
import { findCampaign, holdCampaign } from "./find.ts";
import { insertCampaign } from "./queries.ts";
import type { CampaignInput, CampaignWire, SubCampaignInput } from "./schemas.ts";
import { toWire } from "./wire.ts";

/** A new campaign, as a draft. @throws Problem when its parent is not a main campaign of the same currency. */
export async function createCampaign(
  tx: Transaction<DB>,
  projectId: string,
  input: CampaignInput,
  at: Date = new Date(),
): Promise<CampaignWire> {
  const id = newId("cam");
  const columns = await definitionColumns(tx, projectId, input);
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
  await announceCampaign(tx, projectId, "campaign.created", campaign);
  return campaign;
}

type DefinitionColumns = Omit<
  Insertable<DB["campaign"]>,
  "project_id" | "id" | "type" | "status" | "version" | "created_at" | "updated_at"
>;

/** The columns of a definition. All of them: a field that is absent goes back to its default. */
export async function definitionColumns(
  tx: Transaction<DB>,
  projectId: string,
  input: CampaignInput,
): Promise<DefinitionColumns> {
  return input.type === "sub" ? await subColumns(tx, projectId, input) : mainColumns(input);
}

function commonColumns(input: CampaignInput) {
  return {
    name: input.name,
    currency: input.currency,
    starts_at: input.starts_at ?? null,
    ends_at: input.ends_at ?? null,
    budget_amount: input.budget_amount ?? null,
    budget_policy: input.budget_policy ?? "refuse",
    redemptions_max: input.redemptions_max ?? null,
    limits: JSON.stringify(input.limits ?? {}),
    rules: input.rules === undefined ? null : JSON.stringify(input.rules),
    team: input.team ?? null,
    budget_code: input.budget_code ?? null,
    channel: input.channel ?? null,
    purpose: input.purpose ?? null,
    medium: input.medium ?? null,
    customer_information: input.customer_information ?? null,
    metadata: JSON.stringify(input.metadata ?? {}),
  };
}

function mainColumns(input: Exclude<CampaignInput, SubCampaignInput>): DefinitionColumns {
  return {
    ...commonColumns(input),
    template: input.template ?? "discount",
    time_zone: input.time_zone ?? "UTC",
    parent_id: null,
    triggers_on: null,
    trigger_name: null,
    rewards: "[]",
    stacking: "{}",
  };
}

async function subColumns(tx: Transaction<DB>, projectId: string, input: SubCampaignInput): Promise<DefinitionColumns> {
  const parent = await holdCampaign(tx, projectId, input.parent_id);
  if (parent?.type !== "main") throw invalid("/parent_id", "There is no such main campaign.");
  if (parent.currency !== input.currency) {
    throw invalid("/currency", `The main campaign's currency is ${parent.currency}.`);
  }
  if (parent.status === "archived") throw new Problem("campaign_status_conflict", "The main campaign is archived.");
  return {
    ...commonColumns(input),
    template: parent.template,
    time_zone: input.time_zone ?? parent.time_zone,
    parent_id: parent.id,
    triggers_on: input.triggers_on ?? "redemption",
    trigger_name: input.trigger_name ?? null,
    rewards: JSON.stringify(input.rewards),
    stacking: JSON.stringify(input.stacking ?? {}),
    holdout_percent: input.holdout_percent ?? 0,
    holdout_codes: input.holdout_codes ?? false,
    on_cancel: input.on_cancel ?? "rollback",
  };
}
