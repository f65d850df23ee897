import type { Transaction } from "kysely";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { isInGlobalHoldout, isWithheld } from "../domain/holdout.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { announcePublication } from "./announce.ts";
import { holdVoucherCampaign } from "./create.ts";
import {
  findPublicationBySource,
  findVoucher,
  insertPublication,
  lockVoucher,
  type PublicationRow,
  updateVoucher,
} from "./queries.ts";
import type { PublicationWire, PublishInput } from "./schemas.ts";
import { shownStatus, type VoucherRow } from "./wire.ts";

const dayMs = 24 * 3600 * 1000;

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
  await refuseWithheld(tx, projectId, found, input.customer.identifier);
  await holdVoucherCampaign(tx, projectId, found.campaign_id);
  const customer = await ensureCustomer(tx, projectId, input.customer.identifier, publishedAt);
  const voucher = await lockVoucher(tx, projectId, code);
  if (!voucher) throw notFound("voucher");
  refuseUngivable(voucher, customer.id, publishedAt);
  const publication = {
    project_id: projectId,
    id: newId("pub"),
    voucher_id: voucher.id,
    campaign_id: voucher.campaign_id,
    customer_id: customer.id,
    source_id: input.source_id ?? null,
    channel: input.channel ?? "api",
    published_at: publishedAt,
  };
  if (!(await insertPublication(tx, publication))) {
    const twin = await publishedBefore(tx, projectId, voucher, input);
    if (!twin) throw new Error("a publication with this source id exists and cannot be read");
    return twin;
  }
  const life = { expires_at: voucher.expires_at };
  if (voucher.kind !== "generic" && (voucher.customer_id !== customer.id || voucher.status !== "distributed")) {
    life.expires_at = await endOfLife(tx, projectId, voucher, publishedAt);
    await updateVoucher(tx, projectId, voucher.id, {
      customer_id: customer.id,
      status: "distributed",
      expires_at: life.expires_at,
      updated_at: publishedAt,
    });
  }
  const wire = publicationToWire({
    ...publication,
    code: voucher.code,
    customer_identifier: input.customer.identifier,
  });
  await announcePublication(tx, projectId, { ...voucher, ...life }, wire);
  return wire;
}

/** The voucher's own end, or so many days after it was first handed out as the campaign says, whichever is earlier. */
async function endOfLife(
  tx: Transaction<DB>,
  projectId: string,
  voucher: VoucherRow,
  publishedAt: Date,
): Promise<Date | null> {
  const { voucher_lifetime_days: days } = await tx
    .selectFrom("campaign")
    .select("voucher_lifetime_days")
    .where("project_id", "=", projectId)
    .where("id", "=", voucher.campaign_id)
    .executeTakeFirstOrThrow();
  if (days === null) return voucher.expires_at;
  const end = new Date(publishedAt.getTime() + days * dayMs);
  return voucher.expires_at !== null && voucher.expires_at < end ? voucher.expires_at : end;
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

/** Who is held out gets nothing of the campaign. A gift card is money, which nobody withholds. */
async function refuseWithheld(
  tx: Transaction<DB>,
  projectId: string,
  voucher: VoucherRow,
  identifier: string,
): Promise<void> {
  if (voucher.kind === "gift_card") return;
  const { of_campaign, of_project } = await tx
    .selectFrom("campaign as c")
    .innerJoin("project as p", "p.id", "c.project_id")
    .select(["c.holdout_percent as of_campaign", "p.holdout_percent as of_project"])
    .where("c.project_id", "=", projectId)
    .where("c.id", "=", voucher.campaign_id)
    .executeTakeFirstOrThrow();
  const customer = { identifier, inGlobalHoldout: isInGlobalHoldout(projectId, identifier, of_project) };
  if (isWithheld({ id: voucher.campaign_id, holdoutPercent: of_campaign }, customer)) {
    throw new Problem("in_holdout", "The customer is held out, to measure what the campaign causes.");
  }
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

function publicationToWire(row: PublicationRow): PublicationWire {
  return {
    id: row.id,
    voucher_id: row.voucher_id,
    code: row.code,
    campaign_id: row.campaign_id,
    customer: { identifier: row.customer_identifier },
    channel: row.channel,
    source_id: row.source_id,
    published_at: row.published_at.toISOString(),
  };
}
