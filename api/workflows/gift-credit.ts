/** Puts money on a customer's gift card. */
import { randomBytes } from "node:crypto";
import { sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { codeSource } from "../domain/codes.ts";
import { newId } from "../ids.ts";
import type { ActionContext, ActionOutcome } from "./action.ts";
import { StepFailure } from "./step-failure.ts";
import type { StepOf } from "./step-schema.ts";

/** 60 bits: nobody guesses one of a million such codes. */
const nextCode = codeSource({ charset: "mixed", length: 12 }, randomBytes);

/**
 * Credits the customer's card of the campaign; who has none that is usable gets one. Money is withheld from nobody who is
 * held out of promotions. Should the code of a new card be taken, the step fails and is tried again with another.
 */
export async function creditCard(
  tx: Transaction<DB>,
  step: StepOf<"gift_credit">,
  { run, person, at }: ActionContext,
): Promise<ActionOutcome> {
  if (person.blocked) return { outcome: "withheld", reason: "customer_blocked", detail: { person_id: person.id } };
  const refused = await refusalOf(tx, run.project_id, step, at);
  if (refused !== null) throw new StepFailure(refused, true);
  const { rows } = await sql<{ voucher_id: string }>`
    select credit_gift_card(${run.project_id}, ${step.campaign_id}, ${person.id}, ${step.amount}::bigint,
      ${newId("vou")}, ${nextCode()}, ${newId("top")}, ${run.id}, ${at}::timestamptz, now(), 'workflow') as voucher_id
  `.execute(tx);
  const [card] = rows;
  if (card === undefined) throw new Error("gift credit went on no card");
  return {
    outcome: "done",
    detail: {
      amount: step.amount,
      currency: step.currency,
      campaign_id: step.campaign_id,
      voucher_id: card.voucher_id,
      person_id: person.id,
    },
  };
}

/** Why the campaign's cards cannot be credited as things are; it stays as it is until the transaction ends. */
async function refusalOf(
  tx: Transaction<DB>,
  projectId: string,
  step: StepOf<"gift_credit">,
  at: Date,
): Promise<string | null> {
  const campaign = await tx
    .selectFrom("campaign")
    .select(["type", "status", "template", "currency", "ends_at"])
    .where("project_id", "=", projectId)
    .where("id", "=", step.campaign_id)
    .forShare()
    .executeTakeFirst();
  if (campaign === undefined) return "campaign_unknown";
  if (campaign.type !== "sub" || campaign.template !== "gift_card") return "no_gift_card_campaign";
  if (campaign.currency !== step.currency) return "currency_mismatch";
  if (campaign.status === "archived") return "campaign_archived";
  return campaign.ends_at !== null && campaign.ends_at <= at ? "campaign_ended" : null;
}
