/** Hands vouchers of one campaign to customers, one to each, in a few statements however many they are. */
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { announcePublications } from "../vouchers/announce.ts";
import { growNow } from "./grow.ts";
import { insertPublications, newPublication, type PublicationRow, publicationToWire } from "./rows.ts";
import { endOfLife, type PublicationRules, withholds } from "./rules.ts";
import type { PublicationWire } from "./schemas.ts";
import { assignStock, findGenericStock, type StockVoucher, takeFree } from "./take-stock.ts";

export interface Recipient {
  readonly customerId: string;
  readonly identifier: string;
  readonly blocked: boolean;
  /** Of two with one source id the second gets nothing. */
  readonly sourceId: string | null;
}

export type RefusalReason = "customer_blocked" | "in_holdout" | "out_of_stock";

export type Given =
  | { readonly outcome: "published"; readonly publication: PublicationWire }
  | { readonly outcome: "refused"; readonly reason: RefusalReason }
  /** Its source id was published before. */
  | { readonly outcome: "repeated" };

export interface GiveOptions {
  readonly channel: string;
  readonly jobId: string | null;
}

/** @returns what became of each, in the order in which they came. */
export async function giveVouchers(
  tx: Transaction<DB>,
  projectId: string,
  rules: PublicationRules,
  recipients: readonly Recipient[],
  options: GiveOptions,
  at: Date,
): Promise<Given[]> {
  const kind = rules.template === "gift_card" ? "gift_card" : "unique";
  const refusals = recipients.map((each): RefusalReason | undefined => {
    if (each.blocked) return "customer_blocked";
    return withholds(projectId, rules, kind, each.identifier) ? "in_holdout" : undefined;
  });
  const wanted = refusals.filter((reason) => reason === undefined).length;
  const stock = await takeStock(tx, projectId, rules, wanted, at);
  let next = 0;
  const rows = recipients.map((recipient, place) => {
    const voucher = refusals[place] === undefined ? stock[next++] : undefined;
    return voucher && newRow(projectId, recipient, voucher, options, at);
  });
  const inserted = await insertPublications(
    tx,
    rows.flatMap((row) => (row === undefined ? [] : [row.publication])),
  );
  const handed = rows.filter((row) => row !== undefined && inserted.has(row.publication.id)) as NewRow[];
  const result = handed.map(({ recipient, voucher, publication }) => {
    const expiresAt = publication.took ? endOfLife(rules, voucher.expires_at, at) : voucher.expires_at;
    const shown = { ...publication, code: voucher.code, customer_identifier: recipient.identifier };
    return { voucher: { ...voucher, expires_at: expiresAt }, publication: publicationToWire(shown), recipient };
  });
  const assigned = result.filter(({ voucher }) => voucher.kind !== "generic");
  if (assigned.length > 0) {
    await assignStock(
      tx,
      projectId,
      assigned.map(({ voucher, recipient }) => ({
        id: voucher.id,
        customerId: recipient.customerId,
        expiresAt: voucher.expires_at,
      })),
      at,
    );
  }
  await announcePublications(tx, projectId, result);
  const byId = new Map(result.map(({ publication }) => [publication.id, publication]));
  return rows.map((row, place): Given => {
    const reason = refusals[place];
    if (reason !== undefined) return { outcome: "refused", reason };
    if (row === undefined) return { outcome: "refused", reason: "out_of_stock" };
    const publication = byId.get(row.publication.id);
    return publication ? { outcome: "published", publication } : { outcome: "repeated" };
  });
}

/** As many as there are: free ones, new ones of a campaign that grows, or the one for everybody, again and again. */
async function takeStock(
  tx: Transaction<DB>,
  projectId: string,
  rules: PublicationRules,
  wanted: number,
  at: Date,
): Promise<readonly StockVoucher[]> {
  const free = await takeFree(tx, projectId, rules.id, wanted, at);
  if (free.length === wanted) return free;
  const generic = free.length === 0 ? await findGenericStock(tx, projectId, rules.id, at) : undefined;
  if (generic) return Array.from({ length: wanted }, () => generic);
  return [...free, ...(await growNow(tx, projectId, rules, wanted - free.length, at))];
}

interface NewRow {
  readonly recipient: Recipient;
  readonly voucher: StockVoucher;
  readonly publication: Omit<PublicationRow, "code" | "customer_identifier">;
}

function newRow(
  projectId: string,
  recipient: Recipient,
  voucher: StockVoucher,
  { channel, jobId }: GiveOptions,
  at: Date,
): NewRow {
  const publication = {
    ...newPublication,
    project_id: projectId,
    id: newId("pub"),
    voucher_id: voucher.id,
    campaign_id: voucher.campaign_id,
    customer_id: recipient.customerId,
    source_id: recipient.sourceId,
    channel,
    took: voucher.kind !== "generic",
    ended_before: voucher.expires_at,
    job_id: jobId,
    published_at: at,
  };
  return { recipient, voucher, publication };
}
