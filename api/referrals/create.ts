/** A customer's own code of a referral campaign: friends use it, and the customer is rewarded for it. */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { Problem } from "../http/problem.ts";
import { createVoucher, holdVoucherCampaign } from "../vouchers/create.ts";
import { publishVoucher } from "../vouchers/publish.ts";
import { toWire } from "../vouchers/wire.ts";
import { findReferralVoucher, lockReferral, markReferrer } from "./queries.ts";
import type { ReferralCodeInput, referralVoucherWire } from "./schemas.ts";

/**
 * One code a customer and campaign: whoever has one gets it again, also when another was wished for.
 *
 * @throws Problem `conflict` when the campaign is no referral campaign, `code_taken` when the wished code is another
 * voucher's.
 */
export async function createReferralCode(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  input: ReferralCodeInput,
  at: Date,
): Promise<{ created: boolean; voucher: z.output<typeof referralVoucherWire> }> {
  const { template } = await holdVoucherCampaign(tx, projectId, campaignId);
  if (template !== "referral") throw new Problem("conflict", "Only a referral campaign has referral codes.");
  const { identifier } = input.customer;
  const customer = await ensureCustomer(tx, projectId, identifier, at);
  await lockReferral(tx, projectId, campaignId, customer.id);
  const referrer = { identifier };
  const known = await findReferralVoucher(tx, projectId, campaignId, customer.id);
  if (known) return { created: false, voucher: { ...toWire(known, at), referrer } };

  const wish = input.code === undefined ? {} : { code: input.code };
  const voucher = await createVoucher(tx, projectId, campaignId, { kind: "generic", ...wish }, at);
  await markReferrer(tx, projectId, voucher.id, customer.id);
  // Puts it into the customer's wallet. A generic voucher stays for everybody.
  await publishVoucher(tx, projectId, voucher.code, { customer: referrer, channel: "referral" }, at);
  const row = await findReferralVoucher(tx, projectId, campaignId, customer.id);
  if (!row) throw new Error("the referral code just created is not there");
  return { created: true, voucher: { ...toWire(row, at), referrer } };
}
