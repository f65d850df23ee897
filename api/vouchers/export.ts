/** Vouchers of a batch or a campaign as downloads, read by keyset so that nothing is held while the client is slow. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import type { DownloadedRow } from "../http/row-download.ts";
import { selectVouchers } from "./queries.ts";
import { toWire } from "./wire.ts";

const pageSize = 2000;

export const batchColumns = ["code", "status", "redemptions_max", "redemptions_count", "expires_at"];
export const campaignColumns = [
  "code",
  "kind",
  "status",
  "customer_identifier",
  "redemptions_max",
  "redemptions_count",
  "discount_amount",
  "balance_amount",
  "starts_at",
  "expires_at",
  "metadata",
];

/**
 * The next page of each call; undefined after the last. Those made meanwhile come too. Counts on `voucher_by_batch` and
 * `voucher_by_campaign`.
 */
export function voucherPages(
  db: Kysely<DB>,
  projectId: string,
  of: "batch_id" | "campaign_id",
  id: string,
  now: Date,
): () => Promise<DownloadedRow[] | undefined> {
  let after: string | undefined = "";
  return async () => {
    if (after === undefined) return undefined;
    const rows = await selectVouchers(db, projectId)
      .where(`v.${of}`, "=", id)
      .where("v.id", ">", after)
      .orderBy("v.id")
      .limit(pageSize)
      .execute();
    after = rows.length === pageSize ? rows.at(-1)?.id : undefined;
    return rows.map((row) => ({ ...toWire(row, now), customer_identifier: row.customer_identifier }));
  };
}
