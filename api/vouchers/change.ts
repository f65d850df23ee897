/** What a manager may do to a voucher that exists: switch it off and on, give it to a customer, fill up a gift card. */
import { sql, type Transaction } from "kysely";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { announceVoucher, type VoucherEventType } from "./announce.ts";
import { whyNotAssignable } from "./assignable.ts";
import { findVoucher, lockVoucher, updateVoucher, wasPublished } from "./queries.ts";
import type { TopUpInput, VoucherWire } from "./schemas.ts";
import { toWire, type VoucherRow } from "./wire.ts";

/** As much as any amount on the wire. */
const balanceMax = 1_000_000_000_000;

async function locked(tx: Transaction<DB>, projectId: string, code: string): Promise<VoucherRow> {
  const row = await lockVoucher(tx, projectId, code);
  if (!row) throw notFound("voucher");
  return row;
}

/** Disabling twice is disabling once. */
export async function disableVoucher(
  tx: Transaction<DB>,
  projectId: string,
  code: string,
  at: Date,
): Promise<VoucherWire> {
  const row = await locked(tx, projectId, code);
  if (row.status === "disabled") return toWire(row, at);
  await updateVoucher(tx, projectId, row.id, { status: "disabled", updated_at: at });
  return announced(tx, projectId, "voucher.disabled", row.code, at);
}

/** Takes the voucher back to where it was before it was disabled. Enabling one that is not disabled changes nothing. */
export async function enableVoucher(
  tx: Transaction<DB>,
  projectId: string,
  code: string,
  at: Date,
): Promise<VoucherWire> {
  const row = await locked(tx, projectId, code);
  if (row.status !== "disabled") return toWire(row, at);
  const usedUp =
    (row.redemptions_max !== null && row.redemptions_count >= row.redemptions_max) || row.balance_amount === 0;
  const distributed = await wasPublished(tx, projectId, row);
  const status = usedUp ? "redeemed" : distributed ? "distributed" : "created";
  await updateVoucher(tx, projectId, row.id, { status, updated_at: at });
  return announced(tx, projectId, "voucher.enabled", row.code, at);
}

async function announced(
  tx: Transaction<DB>,
  projectId: string,
  type: VoucherEventType,
  code: string,
  at: Date,
): Promise<VoucherWire> {
  const row = await findVoucher(tx, projectId, code);
  if (!row) throw notFound("voucher");
  const voucher = toWire(row, at);
  await announceVoucher(tx, projectId, type, voucher);
  return voucher;
}

/**
 * From now on only this customer may redeem it. It does not count as handed out.
 *
 * @throws Problem `conflict` when another customer has it in hand or has used it.
 */
export async function assignVoucher(
  tx: Transaction<DB>,
  projectId: string,
  code: string,
  identifier: string,
  at: Date,
): Promise<VoucherWire> {
  if (!(await findVoucher(tx, projectId, code))) throw notFound("voucher");
  // The customer before the voucher: whoever holds a voucher never waits for a customer that is being created.
  const customer = await ensureCustomer(tx, projectId, identifier, at);
  const row = await locked(tx, projectId, code);
  if (row.customer_id === customer.id) return toWire(row, at);
  const reason = whyNotAssignable(row);
  if (reason !== undefined) throw new Problem("conflict", reason);
  await updateVoucher(tx, projectId, row.id, { customer_id: customer.id, updated_at: at });
  return announced(tx, projectId, "voucher.assigned", row.code, at);
}

/** Adds to a gift card's balance. A redemption that is being made meanwhile stays valid: there is only more to spend. */
export async function topUpVoucher(
  tx: Transaction<DB>,
  projectId: string,
  code: string,
  input: TopUpInput,
  at: Date,
): Promise<VoucherWire> {
  const row = await locked(tx, projectId, code);
  if (row.kind !== "gift_card") throw new Problem("conflict", "Only a gift card has a balance.");
  if (row.status === "disabled") throw new Problem("conflict", "The gift card is disabled.");
  if ((row.balance_amount ?? 0) + input.amount > balanceMax) {
    throw invalid("/amount", `A gift card holds at most ${balanceMax}; this one has ${row.balance_amount}.`);
  }
  await sql`
    select top_up_gift_card(${projectId}, ${row.id}, ${input.amount}, ${newId("top")}, ${row.id},
                            ${input.reason ?? null}, ${at}, ${at})
  `.execute(tx);
  const changed = await findVoucher(tx, projectId, row.code);
  if (!changed) throw notFound("voucher");
  return toWire(changed, at);
}
