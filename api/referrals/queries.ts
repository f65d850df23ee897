/** The SQL of referral codes. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { VoucherRow } from "../vouchers/wire.ts";

/** Of two who ask for one customer's code at once, the second waits here until the first has made it. */
export async function lockReferral(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  customerId: string,
): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtextextended(${projectId} || ' ' || ${campaignId} || ' ' || ${customerId}, 7239))
  `.execute(tx);
}

export function findReferralVoucher(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  customerId: string,
): Promise<VoucherRow | undefined> {
  return tx
    .selectFrom("voucher")
    .selectAll()
    .select(sql<null>`null`.as("customer_identifier"))
    .where("project_id", "=", projectId)
    .where("campaign_id", "=", campaignId)
    .where("referrer_id", "=", customerId)
    .executeTakeFirst();
}

export async function markReferrer(
  tx: Transaction<DB>,
  projectId: string,
  voucherId: string,
  customerId: string,
): Promise<void> {
  await tx
    .updateTable("voucher")
    .set({ referrer_id: customerId })
    .where("project_id", "=", projectId)
    .where("id", "=", voucherId)
    .execute();
}

export type ReferralRow = VoucherRow & {
  readonly now: Date;
  readonly friends: number;
  readonly redemptions: number;
  readonly rewards: number;
  readonly points: number;
  readonly credit_amount: number;
};

/** The newest code first, on `voucher_of_referrer`; `before` is the id of the last voucher seen. */
export async function listReferrals(
  db: Kysely<DB>,
  projectId: string,
  customerId: string,
  page: { readonly before: string | undefined; readonly limit: number },
): Promise<ReferralRow[]> {
  // A code that a reservation holds is in redemption_code and has no redemption yet.
  const { rows } = await sql<ReferralRow>`
    select v.*, null as customer_identifier, now() as now, u.friends, u.redemptions, w.rewards, w.points, w.credit_amount
    from voucher v,
    lateral (
      select count(distinct rc.customer_id) as friends, count(*) as redemptions
      from redemption_code rc
      join redemption r on r.project_id = rc.project_id and r.id = rc.redemption_id
      where rc.project_id = v.project_id and rc.code = v.code and rc.live
    ) u,
    lateral (
      select count(*) as rewards,
             coalesce(sum(i.amount) filter (where i.type = 'points'), 0)::bigint as points,
             coalesce(sum(i.amount) filter (where i.type = 'gift_credit'), 0)::bigint as credit_amount
      from redemption_code rc
      join issued_reward i on i.project_id = rc.project_id and i.redemption_id = rc.redemption_id
        and i.campaign_id = v.campaign_id and i.customer_id = ${customerId} and i.status <> 'revoked'
      where rc.project_id = v.project_id and rc.code = v.code
    ) w
    where v.project_id = ${projectId} and v.referrer_id = ${customerId}
      and (${page.before ?? null}::text is null or v.id < ${page.before ?? null})
    order by v.id desc limit ${page.limit}
  `.execute(db);
  return rows;
}
