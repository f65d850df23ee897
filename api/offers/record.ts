/** What was served and what became of it: a row and an event, in one transaction. */
import type { Kysely } from "kysely";
import { z } from "zod";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { invalid, notFound } from "../http/problem.ts";
import { newId } from "../ids.ts";
import type { OfferWire } from "./schemas.ts";
import type { ServedOffers } from "./serve.ts";

export function toOfferWire(served: ServedOffers): OfferWire[] {
  return served.offers.map((offer, index) => ({
    rank: index + 1,
    campaign_id: offer.campaignId,
    code: offer.code,
    discount_amount: offer.discountAmount,
    probability: offer.probability,
    expected_value_amount: offer.expectedValueAmount,
    expected_margin_amount: offer.expectedMarginAmount,
    uplift: offer.uplift,
    propensity: offer.propensity,
    reasons: [...offer.reasons],
  }));
}

export async function recordServed(
  tx: Kysely<DB>,
  projectId: string,
  customer: string,
  served: ServedOffers,
): Promise<void> {
  const { decisionId: id, policy, situation } = served;
  const at = new Date(served.at);
  const model = served.model === "fallback" ? "fallback" : `${served.model.name}@${served.model.version}`;
  const offers = toOfferWire(served);
  await tx
    .insertInto("offer_decision")
    .values({
      project_id: projectId,
      id,
      customer_id: served.customerId,
      customer_identifier: customer,
      offers: JSON.stringify(offers),
      model,
      created_at: at,
      campaign_ids: offers.map(({ campaign_id }) => campaign_id),
    })
    .execute();
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type: "offer.served",
      version: 1,
      occurred_at: at.toISOString(),
      payload: {
        decision_id: id,
        customer,
        model,
        offers: offers.map(({ reasons: _, ...offer }, index) => {
          const { features = null, policies = [] } = served.offers[index] ?? {};
          return {
            ...offer,
            features: features && { ...features },
            policies: policies.map(({ valueAmount, ...each }) => ({ ...each, value_amount: valueAmount })),
          };
        }),
        policy: served.arm,
        policy_version: policy.version,
        arms: policy.settings.arms,
        exploration: policy.settings.exploration_percent / 100,
        candidates_count: served.candidatesCount,
        ...(situation === null ? {} : { situation: { ...situation, categories: [...situation.categories] } }),
      },
    },
  ]);
}

export interface Outcome {
  readonly campaignId: string;
  readonly outcome: "shown" | "taken" | "dismissed";
}

const storedOffers = z.array(z.object({ campaign_id: z.string() }));

/**
 * The same outcome may be reported again; readers count it once.
 *
 * @returns when it was recorded
 * @throws Problem 404 for an unknown decision, 400 for a campaign that it did not offer.
 */
export async function recordOutcome(
  tx: Kysely<DB>,
  projectId: string,
  decisionId: string,
  { campaignId, outcome }: Outcome,
): Promise<Date> {
  const decision = await tx
    .selectFrom("offer_decision")
    .select(["customer_identifier", "offers"])
    .where("project_id", "=", projectId)
    .where("id", "=", decisionId)
    .executeTakeFirst();
  if (decision === undefined) throw notFound("decision");
  if (!storedOffers.parse(decision.offers).some((offer) => offer.campaign_id === campaignId)) {
    throw invalid("/campaign_id", "The decision did not offer this campaign.");
  }
  const at = await databaseNow(tx);
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type: "offer.outcome",
      version: 1,
      occurred_at: at.toISOString(),
      payload: { decision_id: decisionId, customer: decision.customer_identifier, campaign_id: campaignId, outcome },
    },
  ]);
  return at;
}
