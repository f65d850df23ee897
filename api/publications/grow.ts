/** New vouchers of a campaign that grows by itself, for those who would find none. */
import { randomBytes } from "node:crypto";
import { sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { type CodePattern, codeSource } from "../domain/codes.ts";
import { newIds } from "../ids.ts";
import { announceVouchers } from "../vouchers/announce.ts";
import { parseAutoGrow } from "./auto-grow-schema.ts";
import type { PublicationRules } from "./rules.ts";
import type { StockVoucher } from "./take-stock.ts";

/** Draws until so many codes are free; a pattern that is nearly full gives fewer. */
const roundsMax = 20;

/** As many as the campaign's `max` leaves. They are nobody's yet. */
export async function growNow(
  tx: Transaction<DB>,
  projectId: string,
  rules: PublicationRules,
  wanted: number,
  at: Date,
): Promise<StockVoucher[]> {
  const grow = parseAutoGrow(rules.auto_grow);
  if (grow === null || wanted === 0) return [];
  const allowed = grow.max === undefined ? wanted : await claimGrowth(tx, projectId, rules.id, wanted, grow.max);
  const made = await insertVouchers(tx, projectId, rules.id, grow.pattern, allowed, at);
  if (grow.max !== undefined && made.length < allowed)
    await giveGrowthBack(tx, projectId, rules.id, allowed - made.length);
  const announced = made.map((voucher) => ({ ...voucher, customer: null }));
  await announceVouchers(tx, projectId, "voucher.created", announced, at.toISOString());
  return made;
}

/** @returns how many may be made now, of those that are wanted. One row: growers of a campaign with a maximum queue here. */
export async function claimGrowth(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  wanted: number,
  max: number,
): Promise<number> {
  await sql`
    insert into campaign_stock (project_id, campaign_id) values (${projectId}, ${campaignId}) on conflict do nothing
  `.execute(tx);
  const { rows } = await sql<{ allowed: number }>`
    with held as (
      select grown_count from campaign_stock
      where project_id = ${projectId} and campaign_id = ${campaignId} for update)
    update campaign_stock s set grown_count = s.grown_count + greatest(0, least(${wanted}::bigint, ${max}::bigint - held.grown_count))
    from held where s.project_id = ${projectId} and s.campaign_id = ${campaignId}
    returning s.grown_count - held.grown_count as allowed
  `.execute(tx);
  return rows[0]?.allowed ?? 0;
}

async function giveGrowthBack(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  count: number,
): Promise<void> {
  await sql`
    update campaign_stock set grown_count = greatest(0, grown_count - ${count}::bigint)
    where project_id = ${projectId} and campaign_id = ${campaignId}
  `.execute(tx);
}

/** In the order of their codes, as batches do. */
async function insertVouchers(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  pattern: CodePattern,
  wanted: number,
  at: Date,
): Promise<StockVoucher[]> {
  const nextCode = codeSource(pattern, randomBytes);
  const made: StockVoucher[] = [];
  for (let round = 0; made.length < wanted && round < roundsMax; round += 1) {
    const missing = wanted - made.length;
    const codes = [...new Set(Array.from({ length: missing }, nextCode))].sort();
    const { rows } = await sql<StockVoucher>`
      insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, created_at, updated_at)
      select ${projectId}, n.id, n.code, ${campaignId}, 'unique', 'created', 1, ${at}::timestamptz, ${at}::timestamptz
      from unnest(${newIds("vou", codes.length)}::text[], ${codes}::text[]) as n(id, code) order by n.code
      on conflict (project_id, code) do nothing
      returning id, code, campaign_id, kind, balance_amount, batch_id, expires_at
    `.execute(tx);
    made.push(...rows);
  }
  return made;
}
