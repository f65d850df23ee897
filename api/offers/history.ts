/** What the personalisation model is told of a customer and campaigns, read from Postgres: see `OfferInput` for the meaning. */
import { type Kysely, sql } from "kysely";
import { LRUCache } from "lru-cache";
import type { OfferInput } from "../../models/features/personalisation.ts";
import type { DB } from "../db/tables.ts";

interface CampaignKey {
  readonly campaignId: string;
  readonly mainId: string;
  /** Epoch ms; null without an end. */
  readonly endsAt: number | null;
}

export interface HistoryScope {
  readonly projectId: string;
  /** The shop's identifier. */
  readonly customer: string;
  readonly campaigns: readonly CampaignKey[];
  /** Epoch ms. */
  readonly now: number;
}

/** Publications so far, by sub-campaign and by the main campaign above them. */
export interface PublicationCounts {
  readonly byCampaign: ReadonlyMap<string, number>;
  readonly byMain: ReadonlyMap<string, number>;
}

interface HistoryRow {
  readonly created_at: number | null;
  readonly orders: { readonly count: number; readonly amount: number; readonly last: number | null };
  readonly last_redemption: number | null;
  readonly publications: Readonly<Record<string, number>>;
  readonly used: { readonly redemptions: number; readonly discount: number };
  readonly used_of_main: Readonly<Record<string, number>>;
  readonly usage: Readonly<Record<string, { readonly redemptions: number; readonly discount: number }>>;
}

/** One input a campaign, in the order given. One round trip: the customer's own rows and the campaigns' counters. */
export async function readOfferInputs(
  db: Kysely<DB>,
  scope: HistoryScope,
  counts: PublicationCounts,
): Promise<OfferInput[]> {
  const row = await readHistory(db, scope);
  const seconds = (since: number | null) => (since === null ? null : Math.max(0, scope.now - since) / 1000);
  const publicationsCount = Object.values(row.publications).reduce((sum, count) => sum + count, 0);
  return scope.campaigns.map(
    ({ campaignId, mainId, endsAt }): OfferInput => ({
      tenureSeconds: seconds(row.created_at),
      ordersCount: row.orders.count,
      ordersAmount: row.orders.amount,
      secondsSinceLastOrder: seconds(row.orders.last),
      publicationsCount,
      redemptionsCount: row.used.redemptions,
      redemptionsDiscountAmount: row.used.discount,
      secondsSinceLastRedemption: seconds(row.last_redemption),
      customerMainPublicationsCount: row.publications[mainId] ?? 0,
      customerMainRedemptionsCount: row.used_of_main[mainId] ?? 0,
      campaignPublicationsCount: counts.byCampaign.get(campaignId) ?? 0,
      campaignRedemptionsCount: row.usage[campaignId]?.redemptions ?? 0,
      campaignDiscountAmount: row.usage[campaignId]?.discount ?? 0,
      mainPublicationsCount: counts.byMain.get(mainId) ?? 0,
      mainRedemptionsCount: row.usage[mainId]?.redemptions ?? 0,
      secondsUntilEnd: endsAt === null ? null : Math.max(0, endsAt - scope.now) / 1000,
    }),
  );
}

/**
 * Every live use of a code is counted in `customer_usage` under its voucher, its campaign and its main campaign, and a
 * rollback takes it back in all three, which is why nothing of it is summed twice here. Orders count once paid, also
 * when they were refunded later; the last redemption counts even if it was rolled back.
 */
async function readHistory(db: Kysely<DB>, scope: HistoryScope): Promise<HistoryRow> {
  const mains = [...new Set(scope.campaigns.map(({ mainId }) => mainId))];
  const campaigns = [...mains, ...scope.campaigns.map(({ campaignId }) => campaignId)];
  const result = await sql<{ history: HistoryRow }>`
    with cust as materialized (
      select id, created_at from customer
      where project_id = ${scope.projectId} and identifier = ${scope.customer}
    )
    select jsonb_build_object(
      'created_at', (select (extract(epoch from created_at) * 1000)::bigint from cust),
      'orders', (
        select jsonb_build_object('count', count(*), 'amount', coalesce(sum(o.amount), 0),
                                  'last', (extract(epoch from max(o.paid_at)) * 1000)::bigint)
        from orders o
        where o.project_id = ${scope.projectId} and o.customer_id = (select id from cust) and o.paid_at is not null),
      'last_redemption', (
        select (extract(epoch from max(r.occurred_at)) * 1000)::bigint
        from redemption r
        where r.project_id = ${scope.projectId} and r.customer_id = (select id from cust)),
      'publications', (
        select coalesce(jsonb_object_agg(main_id, published), '{}')
        from (select c.parent_id as main_id, count(*) as published
              from publication p
              join campaign c on c.project_id = p.project_id and c.id = p.campaign_id
              where p.project_id = ${scope.projectId} and p.customer_id = (select id from cust)
              group by c.parent_id) by_main),
      'used', (
        select jsonb_build_object('redemptions', coalesce(sum(u.redemptions_count), 0),
                                  'discount', coalesce(sum(u.discount_amount), 0))
        from customer_usage u
        where u.project_id = ${scope.projectId} and u.customer_id = (select id from cust) and u.scope = 'voucher'),
      'used_of_main', (
        select coalesce(jsonb_object_agg(u.scope_id, u.redemptions_count), '{}')
        from customer_usage u
        where u.project_id = ${scope.projectId} and u.customer_id = (select id from cust) and u.scope = 'campaign'
          and u.scope_id = any(${mains}::text[])),
      'usage', (
        select coalesce(jsonb_object_agg(u.campaign_id, jsonb_build_object(
          'redemptions', u.redemptions_count, 'discount', u.discount_amount)), '{}')
        from campaign_usage u
        where u.project_id = ${scope.projectId} and u.campaign_id = any(${campaigns}::text[]))
    ) as history
  `.execute(db);
  const row = result.rows[0];
  if (row === undefined) throw new Error("the history query returned no row");
  return row.history;
}

interface PublicationRow {
  readonly campaign_id: string;
  readonly main_id: string;
  readonly published: number;
}

/** Counted from `publication_by_campaign`: exact, and linear in the campaigns' publications. */
export async function countPublications(
  db: Kysely<DB>,
  projectId: string,
  mainIds: readonly string[],
): Promise<PublicationCounts> {
  return summed(await publicationRows(db, projectId, mainIds));
}

/** A rate over thousands of publications does not move in a minute: one count a minute and process is enough. */
const recent = new LRUCache<string, readonly PublicationRow[]>({ max: 5_000, ttl: 60_000 });

/** Like `countPublications`, but of each main campaign up to a minute old. */
export async function recentPublications(
  db: Kysely<DB>,
  projectId: string,
  mainIds: readonly string[],
): Promise<PublicationCounts> {
  const known = new Map(mainIds.map((id) => [id, recent.get(`${projectId} ${id}`)]));
  const missing = [...known].filter(([, rows]) => rows === undefined).map(([id]) => id);
  const counted = missing.length === 0 ? [] : await publicationRows(db, projectId, missing);
  for (const id of missing) {
    recent.set(
      `${projectId} ${id}`,
      counted.filter((row) => row.main_id === id),
    );
  }
  return summed([...counted, ...[...known.values()].flatMap((rows) => rows ?? [])]);
}

async function publicationRows(db: Kysely<DB>, projectId: string, mainIds: readonly string[]) {
  const result = await sql<PublicationRow>`
    select s.id as campaign_id, s.parent_id as main_id, count(*) as published
    from campaign s
    join publication p on p.project_id = s.project_id and p.campaign_id = s.id
    where s.project_id = ${projectId} and s.parent_id = any(${[...mainIds]}::text[])
    group by s.id, s.parent_id
  `.execute(db);
  return result.rows;
}

function summed(rows: readonly PublicationRow[]): PublicationCounts {
  const byMain = new Map<string, number>();
  for (const row of rows) byMain.set(row.main_id, (byMain.get(row.main_id) ?? 0) + row.published);
  return { byCampaign: new Map(rows.map((row) => [row.campaign_id, row.published])), byMain };
}
