/** The codes that might be offered to a customer, before anything is decided about them. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";

/** Bounds what one request decides and scores. */
const candidatesMax = 500;
const genericPerCampaign = 20;

/**
 * Codes of the customer's wallet, newest publication or assignment first, then generic codes of running campaigns. Those
 * that are plainly used up, expired or of a campaign that does not run are left out here already, so that the bound
 * keeps the ones that count; the decision itself is made elsewhere. A referral code is its owner's to pass on, never ours.
 *
 * @param customer the shop's identifier, who need not be known yet; null finds what is for everybody.
 */
export async function findCandidates(
  db: Kysely<DB>,
  projectId: string,
  customer: string | null,
): Promise<{ readonly code: string; readonly inWallet: boolean }[]> {
  const result = await sql<{ code: string; in_wallet: boolean }>`
    with running as materialized (
      select s.id, s.template
      from campaign s
      join campaign m on m.project_id = s.project_id and m.id = s.parent_id
      where s.project_id = ${projectId} and s.type = 'sub' and s.status = 'active' and m.status = 'active'
        and coalesce(s.starts_at <= now(), true) and coalesce(s.ends_at > now(), true)
        and coalesce(m.starts_at <= now(), true) and coalesce(m.ends_at > now(), true)
    ), cust as (
      select id from customer where project_id = ${projectId} and identifier = ${customer}
    ), wallet as (
      select v.id from voucher v
      where v.project_id = ${projectId} and v.customer_id = (select id from cust)
      union
      select p.voucher_id from publication p
      where p.project_id = ${projectId} and p.customer_id = (select id from cust) and p.status <> 'failed'
    ), generic as (
      select g.id from running r, lateral (
        select v.id from voucher v
        where v.project_id = ${projectId} and v.campaign_id = r.id and v.kind = 'generic' and v.referrer_id is null
        order by v.id desc limit ${genericPerCampaign}) g
      where r.template <> 'referral'
    ), found as (
      select id, true as in_wallet from wallet
      union all
      select id, false from generic where id not in (select id from wallet)
    )
    select v.code, f.in_wallet
    from found f
    join voucher v on v.project_id = ${projectId} and v.id = f.id
    where v.campaign_id in (select id from running) and v.status in ('created', 'distributed')
      and v.referrer_id is null
      and (v.customer_id is null or v.customer_id = (select id from cust))
      and coalesce(v.starts_at <= now(), true) and coalesce(v.expires_at > now(), true)
      and coalesce(v.redemptions_count < v.redemptions_max, true)
    order by f.in_wallet desc, v.id desc
    limit ${candidatesMax}
  `.execute(db);
  return result.rows.map((row) => ({ code: row.code, inWallet: row.in_wallet }));
}
