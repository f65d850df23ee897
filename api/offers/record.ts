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

/** Ranking is deterministic: whoever asks the same is shown the same. */
const propensity = 1;

export function toOfferWire(served: ServedOffers): OfferWire[] {
  return served.offers.map((offer, index) => ({
    rank: index + 1,
    campaign_id: offer.campaignId,
    code: offer.code,
    discount_amount: offer.discountAmount,
    probability: offer.probability,
    expected_value_amount: offer.expectedValueAmount,
    propensity,
    reasons: [...offer.reasons],
  }));
}

/** @returns the id of the decision */
export async function recordServed(
  tx: Kysely<DB>,
  projectId: string,
  customer: string,
  served: ServedOffers,
): Promise<string> {
  const id = newId("dec");
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
          const features = served.offers[index]?.features;
          return { ...offer, features: features ? { ...features } : null };
        }),
      },
    },
  ]);
  return id;
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
