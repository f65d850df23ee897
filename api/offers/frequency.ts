/** How often a customer is offered the same campaign. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Eligible } from "./eligible.ts";
import type { OfferPolicySettings } from "./policy.ts";

interface Scope {
  readonly projectId: string;
  /** The shop's identifier. */
  readonly customer: string;
  /** Epoch ms. */
  readonly now: number;
}

/** Older decisions of a customer with more than these in the window are not counted. */
const decisionsMax = 5_000;

/**
 * Without the campaigns that were offered to the customer as often as the project allows. Requests of one customer that
 * come at the same moment do not see each other, so that each of them may go one beyond: an offer too many harms nobody,
 * and to count under a lock would make offers wait for each other.
 */
export async function leaveOutCapped<T extends { readonly found: Eligible }>(
  db: Kysely<DB>,
  { projectId, customer, now }: Scope,
  cap: OfferPolicySettings["frequency_cap"],
  offers: readonly T[],
): Promise<readonly T[]> {
  if (cap === null || offers.length === 0) return offers;
  const since = new Date(now - cap.days * 86_400_000);
  const campaigns = offers.map(({ found }) => found.campaign.id);
  const result = await sql<{ campaign_id: string }>`
    select campaign_id
    from (select d.campaign_ids from offer_decision d
          where d.project_id = ${projectId} and d.customer_identifier = ${customer} and d.created_at >= ${since}
          order by d.created_at desc limit ${decisionsMax}) lately, unnest(lately.campaign_ids) campaign_id
    where campaign_id = any(${campaigns}::text[])
    group by campaign_id having count(*) >= ${cap.max}
  `.execute(db);
  const full = new Set(result.rows.map((row) => row.campaign_id));
  return offers.filter(({ found }) => !full.has(found.campaign.id));
}
