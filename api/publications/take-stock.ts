/** Vouchers of a campaign that are nobody's yet. */
import { randomBytes } from "node:crypto";
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";

export interface StockVoucher {
  readonly id: string;
  readonly code: string;
  readonly campaign_id: string;
  readonly kind: DB["voucher"]["kind"];
  readonly balance_amount: number | null;
  readonly batch_id: string | null;
  readonly expires_at: Date | null;
}

const columns = sql.raw("v.id, v.code, v.campaign_id, v.kind, v.balance_amount, v.batch_id, v.expires_at");

/** The first three as `voucher_free` has them. */
function isFree(at: Date) {
  return sql<boolean>`(v.customer_id is null and v.kind <> 'generic'
    and coalesce(v.expires_at, 'infinity') > ${at}::timestamptz
    and v.status = 'created' and v.redemptions_count = 0 and v.holds_count = 0)`;
}

/**
 * Locks up to `count` of them. Takers begin at random places of `voucher_free` and skip what others are taking, so that
 * none waits: a voucher that another transaction is taking counts as gone, even if that one is undone a moment later.
 */
export async function takeFree(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  count: number,
  at: Date,
): Promise<StockVoucher[]> {
  if (count === 0) return [];
  const start = randomBytes(8).readBigInt64BE().toString();
  const taken = await takeFrom(">=", count);
  return taken.length === count ? taken : [...taken, ...(await takeFrom("<", count - taken.length))];

  async function takeFrom(side: ">=" | "<", limit: number): Promise<StockVoucher[]> {
    const { rows } = await sql<StockVoucher>`
      select ${columns} from voucher v
      where v.project_id = ${projectId} and v.campaign_id = ${campaignId}
        and hashtextextended(v.code, 0) ${sql.raw(side)} ${start}::bigint and ${isFree(at)}
      order by hashtextextended(v.code, 0) limit ${limit}
      for update skip locked
    `.execute(tx);
    return rows;
  }
}

/**
 * The code for everybody of a campaign that has no other vouchers: the first that is open. A campaign with single codes
 * never falls back on one, when those run out.
 */
export async function findGenericStock(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  at: Date,
): Promise<StockVoucher | undefined> {
  const { rows } = await sql<StockVoucher>`
    select ${columns} from voucher v
    where v.project_id = ${projectId} and v.campaign_id = ${campaignId} and v.kind = 'generic' and v.referrer_id is null
      and v.status in ('created', 'distributed') and (v.expires_at is null or v.expires_at > ${at}::timestamptz)
      and not exists (
        select from voucher o where o.project_id = v.project_id and o.campaign_id = v.campaign_id and o.kind <> 'generic')
    order by v.id limit 1
  `.execute(tx);
  return rows[0];
}

/** Makes them their customers', whose ids come in the same order. */
export async function assignStock(
  tx: Transaction<DB>,
  projectId: string,
  given: readonly { readonly id: string; readonly customerId: string; readonly expiresAt: Date | null }[],
  at: Date,
): Promise<void> {
  await sql`
    update voucher v
    set customer_id = g.customer_id, status = 'distributed', expires_at = g.expires_at, version = v.version + 1,
        updated_at = ${at}::timestamptz
    from unnest(
      ${given.map((each) => each.id)}::text[], ${given.map((each) => each.customerId)}::text[],
      ${given.map((each) => each.expiresAt)}::timestamptz[]) as g(id, customer_id, expires_at)
    where v.project_id = ${projectId} and v.id = g.id
  `.execute(tx);
}

/** Whether any is there, be it that somebody is taking it right now. */
export async function hasFree(tx: Transaction<DB>, projectId: string, campaignId: string, at: Date): Promise<boolean> {
  return (await countFree(tx, projectId, campaignId, at, 1)) > 0;
}

/** Counts at most `upTo`. */
export async function countFree(
  db: Kysely<DB>,
  projectId: string,
  campaignId: string,
  at: Date,
  upTo: number,
): Promise<number> {
  const { rows } = await sql<{ free: number }>`
    select count(*) as free from (
      select from voucher v
      where v.project_id = ${projectId} and v.campaign_id = ${campaignId}
        and ${isFree(at)}
      limit ${upTo}) counted
  `.execute(db);
  return rows[0]?.free ?? 0;
}
