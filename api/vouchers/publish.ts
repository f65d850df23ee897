import type { Transaction } from "kysely";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import {
  findPublicationBySource,
  insertPublications,
  newPublication,
  publicationToWire,
} from "../publications/rows.ts";
import { endOfLife, holdPublicationRules, withholds } from "../publications/rules.ts";
import type { PublicationWire } from "../publications/schemas.ts";
import { announcePublications } from "./announce.ts";
import { holdVoucherCampaign } from "./create.ts";
import { findVoucher, lockVoucher, updateVoucher } from "./queries.ts";
import type { PublishInput } from "./schemas.ts";
import { shownStatus, type VoucherRow } from "./wire.ts";

/**
 * Hands a voucher to a customer. A unique voucher becomes theirs; a generic one stays for everybody.
 * The same `source_id` publishes once: the second call gets the first one's publication.
 *
 * @param publishedAt when it happened, in the past for an import; the voucher must have been open then.
 * @throws Problem `not_found`, `campaign_status_conflict`, `in_holdout`, or `conflict` when the voucher cannot be given to
 * them.
 */
export async function publishVoucher(
  tx: Transaction<DB>,
  projectId: string,
  code: string,
  input: PublishInput,
  publishedAt: Date,
): Promise<PublicationWire> {
  const found = await findVoucher(tx, projectId, code);
  if (!found) throw notFound("voucher");
  const earlier = await publishedBefore(tx, projectId, found, input);
  if (earlier) return earlier;
  const rules = await holdPublicationRules(tx, projectId, found.campaign_id);
  if (!rules) throw notFound("campaign");
  if (withholds(projectId, rules, found.kind, input.customer.identifier)) {
    throw new Problem("in_holdout", "The customer is held out, to measure what the campaign causes.");
  }
  await holdVoucherCampaign(tx, projectId, found.campaign_id);
  const customer = await ensureCustomer(tx, projectId, input.customer.identifier, publishedAt);
  const voucher = await lockVoucher(tx, projectId, code);
  if (!voucher) throw notFound("voucher");
  refuseUngivable(voucher, customer.id, publishedAt);
  const takes = voucher.kind !== "generic" && (voucher.customer_id !== customer.id || voucher.status !== "distributed");
  const publication = {
    project_id: projectId,
    id: newId("pub"),
    voucher_id: voucher.id,
    campaign_id: voucher.campaign_id,
    customer_id: customer.id,
    source_id: input.source_id ?? null,
    channel: input.channel ?? "api",
    took: takes && voucher.customer_id === null,
    ended_before: voucher.expires_at,
    published_at: publishedAt,
  };
  if ((await insertPublications(tx, [publication])).size === 0) {
    const twin = await publishedBefore(tx, projectId, voucher, input);
    if (!twin) throw new Error("a publication with this source id exists and cannot be read");
    return twin;
  }
  const life = { expires_at: takes ? endOfLife(rules, voucher.expires_at, publishedAt) : voucher.expires_at };
  if (takes) {
    await updateVoucher(tx, projectId, voucher.id, {
      customer_id: customer.id,
      status: "distributed",
      expires_at: life.expires_at,
      updated_at: publishedAt,
    });
  }
  const wire = publicationToWire({
    ...newPublication,
    ...publication,
    code: voucher.code,
    customer_identifier: input.customer.identifier,
  });
  await announcePublications(tx, projectId, [{ voucher: { ...voucher, ...life }, publication: wire }]);
  return wire;
}

async function publishedBefore(
  tx: Transaction<DB>,
  projectId: string,
  voucher: VoucherRow,
  input: PublishInput,
): Promise<PublicationWire | undefined> {
  if (input.source_id === undefined) return undefined;
  const row = await findPublicationBySource(tx, projectId, input.source_id);
  if (!row) return undefined;
  if (row.voucher_id === voucher.id && row.customer_identifier === input.customer.identifier)
    return publicationToWire(row);
  const detail = "This source_id was used for another voucher or customer.";
  throw new Problem("conflict", detail, { errors: [{ pointer: "/source_id", detail }] });
}

function refuseUngivable(voucher: VoucherRow, customerId: string, at: Date): void {
  const status = shownStatus(voucher, at);
  if (status !== "created" && status !== "distributed") {
    throw new Problem("conflict", `A voucher that is ${status} cannot be published.`);
  }
  if (voucher.customer_id !== null && voucher.customer_id !== customerId) {
    throw new Problem("conflict", "The voucher belongs to another customer.");
  }
}
