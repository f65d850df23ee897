/** The SQL of vouchers and publications. */
import { type Insertable, type Kysely, sql, type Transaction, type Updateable } from "kysely";
import type { DB } from "../db/tables.ts";
import { normalizeCode } from "../domain/codes.ts";
import type { VoucherRow } from "./wire.ts";

/** With the identifier of the customer each is assigned to. */
export function selectVouchers(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("voucher as v")
    .leftJoin("customer as k", (join) =>
      join.onRef("k.project_id", "=", "v.project_id").onRef("k.id", "=", "v.customer_id"),
    )
    .selectAll("v")
    .select("k.identifier as customer_identifier")
    .where("v.project_id", "=", projectId);
}

/** @param typed the code as a person writes it. Undefined too for a text that cannot be a code. */
export async function findVoucher(db: Kysely<DB>, projectId: string, typed: string): Promise<VoucherRow | undefined> {
  const code = normalizeCode(typed);
  return code === null ? undefined : selectVouchers(db, projectId).where("v.code", "=", code).executeTakeFirst();
}

/** Takes the voucher for a change, so that no redemption happens between reading it and writing it. */
export async function lockVoucher(
  tx: Transaction<DB>,
  projectId: string,
  typed: string,
): Promise<VoucherRow | undefined> {
  const code = normalizeCode(typed);
  if (code === null) return undefined;
  await tx
    .selectFrom("voucher")
    .select("id")
    .where("project_id", "=", projectId)
    .where("code", "=", code)
    .forUpdate()
    .execute();
  return findVoucher(tx, projectId, code);
}

/** Newest first, on `voucher_by_campaign`. `before` is the id of the last row of the page before. */
export function listVouchers(
  db: Kysely<DB>,
  projectId: string,
  campaignId: string,
  page: { readonly limit: number; readonly before: string | undefined },
): Promise<VoucherRow[]> {
  return selectVouchers(db, projectId)
    .where("v.campaign_id", "=", campaignId)
    .$if(page.before !== undefined, (q) => q.where("v.id", "<", page.before as string))
    .orderBy("v.id", "desc")
    .limit(page.limit)
    .execute();
}

/** False when the code exists already. */
export async function insertVoucher(tx: Transaction<DB>, row: Insertable<DB["voucher"]>): Promise<boolean> {
  const inserted = await tx
    .insertInto("voucher")
    .values(row)
    .onConflict((conflict) => conflict.columns(["project_id", "code"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Makes a new version: a decision made for the one before is refused from then on. */
export async function updateVoucher(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: Updateable<DB["voucher"]>,
): Promise<void> {
  await tx
    .updateTable("voucher")
    .set(change)
    .set({ version: sql`version + 1` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute();
}

/** Whether the voucher was handed to the customer it is assigned to. Counts on `publication_by_customer`. */
export async function wasPublished(tx: Transaction<DB>, projectId: string, voucher: VoucherRow): Promise<boolean> {
  if (voucher.customer_id === null) return false;
  const found = await tx
    .selectFrom("publication")
    .select("id")
    .where("project_id", "=", projectId)
    .where("customer_id", "=", voucher.customer_id)
    .where("voucher_id", "=", voucher.id)
    .where("status", "<>", "failed")
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
