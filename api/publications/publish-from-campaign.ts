/** Gives a customer a voucher of a campaign, whichever is free. */
import type { Transaction } from "kysely";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { giveVouchers, type RefusalReason } from "./give.ts";
import { findPublicationBySource, holdSource, publicationToWire } from "./rows.ts";
import { holdPublicationRules, type PublicationRules } from "./rules.ts";
import type { PublicationWire } from "./schemas.ts";

export interface PublishFromCampaign {
  readonly campaignId: string;
  readonly customer: { readonly identifier: string };
  /** The same id publishes once; null: each call publishes. */
  readonly sourceId: string | null;
  readonly channel: string;
}

type CampaignRefusal = "campaign_unknown" | "campaign_is_main" | "campaign_archived" | "campaign_ended";

export type FromCampaign =
  | { readonly outcome: "published"; readonly publication: PublicationWire }
  | {
      readonly outcome: "refused";
      readonly reason: RefusalReason | CampaignRefusal | "source_id_reused";
    };

/**
 * Nobody waits for another's voucher, and none is given twice. What is in the way is a value, and then nothing has been
 * given. A customer never seen before is made.
 */
export async function publishFromCampaign(
  tx: Transaction<DB>,
  projectId: string,
  input: PublishFromCampaign,
  at: Date,
): Promise<FromCampaign> {
  if (input.sourceId !== null) await holdSource(tx, projectId, input.sourceId);
  const earlier = await publishedBefore(tx, projectId, input);
  if (earlier) return earlier;
  const { identifier } = input.customer;
  // Customers come before campaigns in the order of locks.
  const { id: customerId } = await ensureCustomer(tx, projectId, identifier, at);
  const rules = await holdPublicationRules(tx, projectId, input.campaignId);
  const refused = refusalOf(rules, at);
  if (refused !== undefined || rules === undefined) {
    return { outcome: "refused", reason: refused ?? "campaign_unknown" };
  }
  const { blocked } = await tx
    .selectFrom("customer")
    .select("blocked")
    .where("project_id", "=", projectId)
    .where("id", "=", customerId)
    .executeTakeFirstOrThrow();
  const recipient = { customerId, identifier, blocked, sourceId: input.sourceId };
  const options = { channel: input.channel, jobId: null };
  const [given] = await giveVouchers(tx, projectId, rules, [recipient], options, at);
  if (given === undefined) throw new Error("nothing became of a recipient");
  if (given.outcome !== "repeated") return given;
  // A twin came first and has committed. What was locked or made for this call goes back to the stock.
  const twin = await publishedBefore(tx, projectId, input);
  if (!twin) throw new Error("a publication with this source id exists and cannot be read");
  return twin;
}

/** Undefined: its vouchers may be handed out. */
export function refusalOf(rules: PublicationRules | undefined, at: Date): CampaignRefusal | undefined {
  if (rules === undefined) return "campaign_unknown";
  if (rules.type !== "sub") return "campaign_is_main";
  if (rules.status === "archived") return "campaign_archived";
  if (rules.ends_at !== null && rules.ends_at <= at) return "campaign_ended";
  return undefined;
}

async function publishedBefore(
  tx: Transaction<DB>,
  projectId: string,
  { campaignId, customer, sourceId }: PublishFromCampaign,
): Promise<FromCampaign | undefined> {
  if (sourceId === null) return undefined;
  const row = await findPublicationBySource(tx, projectId, sourceId);
  if (!row) return undefined;
  if (row.campaign_id === campaignId && row.customer_identifier === customer.identifier) {
    return { outcome: "published", publication: publicationToWire(row) };
  }
  return { outcome: "refused", reason: "source_id_reused" };
}
