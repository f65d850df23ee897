import { randomBytes } from "node:crypto";
import type { Transaction } from "kysely";
import { holdCampaign } from "../campaigns/find.ts";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { codeSource, normalizeCode } from "../domain/codes.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { announceVoucher } from "./announce.ts";
import { findVoucher, insertVoucher } from "./queries.ts";
import type { VoucherInput, VoucherWire } from "./schemas.ts";
import { checkedShape } from "./shape.ts";
import { toWire } from "./wire.ts";

/** 30^12 codes, 58 bits: not to be guessed, and short enough to be typed. */
const generated = { charset: "mixed", length: 12 } as const;
const generatedTriesMax = 5;

/** Vouchers hang on sub-campaigns that are not archived. @throws Problem when the campaign is not one of those. */
export async function holdVoucherCampaign(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
): Promise<{ readonly template: DB["campaign"]["template"] }> {
  const campaign = await holdCampaign(tx, projectId, campaignId);
  if (!campaign) throw notFound("campaign");
  if (campaign.type !== "sub")
    throw new Problem("conflict", "Vouchers belong to a sub-campaign; this is a main campaign.");
  if (campaign.status === "archived") throw new Problem("campaign_status_conflict", "The campaign is archived.");
  return campaign;
}

/** One voucher, with the code that is given or a random one. @throws Problem `code_taken`, naming the field. */
export async function createVoucher(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  input: VoucherInput,
  at: Date = new Date(),
): Promise<VoucherWire> {
  const { template } = await holdVoucherCampaign(tx, projectId, campaignId);
  const shape = checkedShape(template, input);
  const customer = input.customer ? await ensureCustomer(tx, projectId, input.customer.identifier, at) : null;
  const columns = {
    project_id: projectId,
    id: newId("vou"),
    campaign_id: campaignId,
    ...shape,
    balance_initial: shape.balance_amount,
    status: "created",
    customer_id: customer?.id ?? null,
    batch_id: null,
    starts_at: input.starts_at ?? null,
    expires_at: input.expires_at ?? null,
    limits: JSON.stringify(input.limits ?? {}),
    rules: input.rules === undefined ? null : JSON.stringify(input.rules),
    metadata: JSON.stringify(input.metadata ?? {}),
    created_at: at,
    updated_at: at,
  } as const;
  const code = await insertUnderCode(input.code, (candidate) => insertVoucher(tx, { ...columns, code: candidate }));
  const row = await findVoucher(tx, projectId, code);
  if (!row) throw new Error("the voucher just created is not there");
  const voucher = toWire(row, at);
  await announceVoucher(tx, projectId, "voucher.created", voucher);
  return voucher;
}

async function insertUnderCode(given: string | undefined, insert: (code: string) => Promise<boolean>): Promise<string> {
  if (given !== undefined) {
    const code = normalizeCode(given);
    if (code !== null && (await insert(code))) return code;
    const detail = `The code ${code} exists already.`;
    throw new Problem("code_taken", detail, { errors: [{ pointer: "/code", detail }] });
  }
  const nextCode = codeSource(generated, randomBytes);
  for (let tries = 0; tries < generatedTriesMax; tries += 1) {
    const code = nextCode();
    if (await insert(code)) return code;
  }
  throw new Error("no free code was found among random ones");
}
