/** A definition as it is stored, checked against what it stands under and points to. */
import type { Insertable, Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { invalid, Problem } from "../http/problem.ts";
import { parseAutoGrow } from "../publications/auto-grow-schema.ts";
import { refuseGuessableGrowth } from "../vouchers/pattern-strength.ts";
import { holdCampaign } from "./find.ts";
import { resolveRewards } from "./reward-targets.ts";
import type { CampaignInput, SubCampaignInput } from "./schemas.ts";

export type DefinitionColumns = Omit<
  Insertable<DB["campaign"]>,
  "project_id" | "id" | "type" | "status" | "version" | "created_at" | "updated_at"
>;

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

export function mainColumns(input: Exclude<CampaignInput, SubCampaignInput>): DefinitionColumns {
  return {
    ...commonColumns(input),
    template: input.template ?? "discount",
    time_zone: input.time_zone ?? "UTC",
    parent_id: null,
    triggers_on: null,
    trigger_name: null,
    rewards: "[]",
    stacking: "{}",
    points_price: null,
    voucher_lifetime_days: null,
    low_stock: null,
    auto_grow: null,
  };
}

/** @param makeGiftCampaign see `resolveRewards` */
export async function subColumns(
  tx: Transaction<DB>,
  projectId: string,
  input: SubCampaignInput,
  makeGiftCampaign: () => Promise<string>,
): Promise<DefinitionColumns> {
  const parent = await holdCampaign(tx, projectId, input.parent_id);
  if (parent?.type !== "main") throw invalid("/parent_id", "There is no such main campaign.");
  if (parent.currency !== input.currency) {
    throw invalid("/currency", `The main campaign's currency is ${parent.currency}.`);
  }
  if (parent.status === "archived") throw new Problem("campaign_status_conflict", "The main campaign is archived.");
  refuseUnfit(input, parent.template);
  const resolve = (pointer: string, rewards: NonNullable<SubCampaignInput["rewards"]>) =>
    resolveRewards(tx, { projectId, currency: input.currency, pointer }, rewards, makeGiftCampaign);
  return {
    ...commonColumns(input),
    template: parent.template,
    time_zone: input.time_zone ?? parent.time_zone,
    parent_id: parent.id,
    triggers_on: input.triggers_on ?? "redemption",
    trigger_name: input.trigger_name ?? null,
    rewards: JSON.stringify(await resolve("/rewards", input.rewards ?? [])),
    referrer_rewards: JSON.stringify(await resolve("/referrer_rewards", input.referrer_rewards ?? [])),
    automatic: input.automatic ?? false,
    stacking: JSON.stringify(input.stacking ?? {}),
    exclusions: JSON.stringify(input.exclusions ?? {}),
    points_price: input.points_price ?? null,
    voucher_lifetime_days: input.voucher_lifetime_days ?? null,
    low_stock: input.low_stock ?? null,
    auto_grow: input.auto_grow === undefined ? null : JSON.stringify(input.auto_grow),
    holdout_percent: input.holdout_percent ?? 0,
    holdout_codes: input.holdout_codes ?? false,
    on_cancel: input.on_cancel ?? "rollback",
    on_rollback: input.on_rollback ?? "keep",
  };
}

type Template = DB["campaign"]["template"];

/** What a sub-campaign may be depends on the template of its main campaign. */
function refuseUnfit(input: SubCampaignInput, template: Template): void {
  if (template !== "gift_card" && (input.rewards ?? []).length === 0) {
    throw invalid("/rewards", "Give at least one reward; only gift card campaigns may have none.");
  }
  if (template !== "referral" && (input.referrer_rewards ?? []).length > 0) {
    throw invalid("/referrer_rewards", "Only campaigns under a main campaign of the template referral have them.");
  }
  const grow = parseAutoGrow(input.auto_grow);
  if (grow !== null) {
    if (template === "gift_card" || template === "referral") {
      throw invalid("/auto_grow", `Vouchers of a ${template} campaign are made one by one.`);
    }
    refuseGuessableGrowth(grow.pattern, grow.max, "/auto_grow/pattern/length");
  }
  if (input.automatic === true && (template === "gift_card" || template === "referral")) {
    throw invalid("/automatic", `A ${template} campaign works by its codes.`);
  }
}
