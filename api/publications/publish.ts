/** Publishes what a request asks for, and orders its delivery. */
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { faultOfTarget } from "../deliveries/fault-of-target.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { publishVoucher } from "../vouchers/publish.ts";
import { type DeliverBy, deliverPublications } from "./deliver.ts";
import { type FromCampaign, publishFromCampaign } from "./publish-from-campaign.ts";
import { type FromPool, publishFromPool } from "./publish-from-pool.ts";
import type { PublicationInput, PublicationWire } from "./schemas.ts";

/** @throws Problem when there is nothing to give, or they may not have it. */
export async function publish(
  tx: Transaction<DB>,
  projectId: string,
  input: PublicationInput,
  at: Date,
): Promise<PublicationWire> {
  const deliver = input.deliver && (await checkedTarget(tx, projectId, input.deliver));
  const publication = await publishOne(tx, projectId, input, at);
  // One that was published before went its way.
  if (!deliver || publication.status !== "published" || publication.delivery_id !== null) return publication;
  const { id: customerId } = await tx
    .selectFrom("customer")
    .select("id")
    .where("project_id", "=", projectId)
    .where("identifier", "=", input.customer.identifier)
    .executeTakeFirstOrThrow();
  const [shown] = await deliverPublications(tx, projectId, deliver, [{ publication, customerId }], at);
  return shown ?? publication;
}

/** @throws Problem 400, naming the field. */
export async function checkedTarget(
  tx: Transaction<DB>,
  projectId: string,
  given: { readonly channel_id: string; readonly template_id: string },
): Promise<DeliverBy> {
  const target = { channelId: given.channel_id, templateId: given.template_id };
  const fault = await faultOfTarget(tx, projectId, target);
  if (fault !== undefined) throw invalid(`/deliver/${fault.field}`, fault.detail);
  return target;
}

async function publishOne(
  tx: Transaction<DB>,
  projectId: string,
  input: PublicationInput,
  at: Date,
): Promise<PublicationWire> {
  const { customer, source_id, channel = "api" } = input;
  if (input.code !== undefined) {
    return publishVoucher(tx, projectId, input.code, { customer, source_id, channel }, at);
  }
  const asked = { customer, sourceId: source_id ?? null, channel };
  const result =
    input.pool_id === undefined
      ? await publishFromCampaign(tx, projectId, { ...asked, campaignId: input.campaign_id ?? "" }, at)
      : await publishFromPool(tx, projectId, { ...asked, poolId: input.pool_id }, at);
  if (result.outcome === "refused") throw refused(result.reason);
  return result.publication;
}

type Reason = Extract<FromCampaign | FromPool, { outcome: "refused" }>["reason"];

export function refused(reason: Reason): Problem {
  switch (reason) {
    case "campaign_unknown":
      return notFound("campaign");
    case "pool_unknown":
      return notFound("pool");
    case "campaign_is_main":
      return new Problem("conflict", "Vouchers belong to a sub-campaign; this is a main campaign.");
    case "campaign_archived":
      return new Problem("campaign_status_conflict", "The campaign is archived.");
    case "campaign_ended":
      return new Problem("campaign_status_conflict", "The campaign has ended.");
    case "in_holdout":
      return new Problem("in_holdout", "The customer is held out, to measure what the campaign causes.");
    case "customer_blocked":
      return new Problem("customer_blocked", "The customer is blocked.");
    case "out_of_stock":
      return new Problem("out_of_stock", "Nothing is left to hand out. Add codes, or let the campaign grow.");
    case "source_id_reused": {
      const detail = "This source_id was used for another publication.";
      return new Problem("conflict", detail, { errors: [{ pointer: "/source_id", detail }] });
    }
  }
}
