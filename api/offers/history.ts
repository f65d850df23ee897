/** What the personalisation model is told of a customer and campaigns, read from Postgres: see `OfferInput` for the meaning. */
import { type Kysely, sql } from "kysely";
import type { OfferInput } from "../../models/features/personalisation.ts";
import type { DB } from "../db/tables.ts";
import type { PublicationCounts } from "./counts.ts";
import type { MarginSums } from "./worth.ts";

interface CampaignKey {
  readonly campaignId: string;
  readonly mainId: string;
  readonly template: string;
  /** Epoch ms; null without an end. */
  readonly endsAt: number | null;
  /** What it gives on the basket; null without one. */
  readonly discountAmount: number | null;
}

export interface HistoryScope {
  readonly projectId: string;
  /** The shop's identifier. */
  readonly customer: string;
  readonly campaigns: readonly CampaignKey[];
  /** Null: nobody is here, a code is only handed out. */
  readonly basket: { readonly amount: number; readonly categories: readonly string[] } | null;
  /** Whether the customer is here, now. */
  readonly isVisit: boolean;
  /** Epoch ms. */
  readonly now: number;
}

interface CustomerPast {
  /** One a campaign, in the order given. */
  readonly inputs: readonly OfferInput[];
  /** Of orders of the last 180 days that say their costs. */
  readonly margin: MarginSums;
}

interface HistoryRow {
  readonly created_at: number | null;
  readonly orders: {
    readonly count: number;
    readonly amount: number;
    readonly last: number | null;
    readonly lately: number;
  };
  readonly made: {
    readonly count: number;
    readonly lately: number;
    readonly last: number | null;
    readonly amount: number;
    readonly discount: number;
  };
  readonly publications: readonly {
    readonly campaign: string;
    readonly main: string;
    readonly count: number;
    readonly last: number;
  }[];
  readonly served: Readonly<Record<string, number>>;
  readonly used: { readonly redemptions: number; readonly discount: number };
  readonly used_of_main: Readonly<Record<string, number>>;
  readonly usage: Readonly<Record<string, { readonly redemptions: number; readonly discount: number }>>;
  readonly bought: {
    readonly known: number;
    readonly orders: number;
    readonly revenue: number;
    readonly margin: number;
  };
}

/** Whoever was offered something more often than this counts as this often. */
const servedMax = 50;

/** One round trip: the customer's own rows and the campaigns' counters. */
export async function readOfferInputs(
  db: Kysely<DB>,
  scope: HistoryScope,
  counts: PublicationCounts,
): Promise<CustomerPast> {
  const row = await readHistory(db, scope);
  const seconds = (since: number | null | undefined) =>
    since === null || since === undefined ? null : Math.max(0, scope.now - since) / 1000;
  const handed = new Map(row.publications.map((each) => [each.campaign, each]));
  const handedOfMain = new Map<string, number>();
  for (const { main, count } of row.publications) handedOfMain.set(main, (handedOfMain.get(main) ?? 0) + count);
  const at = new Date(scope.now);
  const templates = [...counts.byTemplate.values()];
  const shared = {
    tenureSeconds: seconds(row.created_at),
    ordersCount: row.orders.count,
    ordersAmount: row.orders.amount,
    secondsSinceLastOrder: seconds(row.orders.last),
    orders90dCount: row.orders.lately,
    publicationsCount: row.publications.reduce((sum, { count }) => sum + count, 0),
    redemptionsCount: row.used.redemptions,
    redemptionsDiscountAmount: row.used.discount,
    secondsSinceLastRedemption: seconds(row.made.last),
    redemptionsMadeCount: row.made.count,
    redemptionsMade90dCount: row.made.lately,
    redeemedOrdersAmount: row.made.amount,
    redeemedDiscountAmount: row.made.discount,
    projectPublicationsCount: templates.reduce((sum, { publications }) => sum + publications, 0),
    projectRedemptionsCount: templates.reduce((sum, { redemptions }) => sum + redemptions, 0),
    basketAmount: scope.basket?.amount ?? null,
    basketCategoriesCount: scope.basket?.categories.length ?? 0,
    basketCategoriesKnownCount: row.bought.known,
    hour: scope.isVisit ? at.getUTCHours() : null,
    weekday: scope.isVisit ? at.getUTCDay() : null,
  };
  const inputs = scope.campaigns.map(
    ({ campaignId, mainId, template, endsAt, discountAmount }): OfferInput => ({
      ...shared,
      customerMainPublicationsCount: handedOfMain.get(mainId) ?? 0,
      customerMainRedemptionsCount: row.used_of_main[mainId] ?? 0,
      campaignPublicationsCount: counts.byCampaign.get(campaignId) ?? 0,
      campaignRedemptionsCount: row.usage[campaignId]?.redemptions ?? 0,
      campaignDiscountAmount: row.usage[campaignId]?.discount ?? 0,
      mainPublicationsCount: counts.byMain.get(mainId) ?? 0,
      mainRedemptionsCount: row.usage[mainId]?.redemptions ?? 0,
      templatePublicationsCount: counts.byTemplate.get(template)?.publications ?? 0,
      templateRedemptionsCount: counts.byTemplate.get(template)?.redemptions ?? 0,
      secondsUntilEnd: endsAt === null ? null : Math.max(0, endsAt - scope.now) / 1000,
      template,
      secondsSincePublication: scope.isVisit ? seconds(handed.get(campaignId)?.last) : 0,
      served30dCount: Math.min(servedMax, row.served[campaignId] ?? 0),
      basketDiscountAmount: scope.basket === null ? null : discountAmount,
    }),
  );
  const { orders, revenue, margin } = row.bought;
  return { inputs, margin: { orders, revenueAmount: revenue, marginAmount: margin } };
}

/**
 * Every live use of a code is counted in `customer_usage` under its voucher, its campaign and its main campaign, and a
 * rollback takes it back in all three, which is why nothing of it is summed twice here. Orders count once paid, also
 * when they were refunded later; the last redemption counts even if it was rolled back.
 */
async function readHistory(db: Kysely<DB>, scope: HistoryScope): Promise<HistoryRow> {
  const mains = [...new Set(scope.campaigns.map(({ mainId }) => mainId))];
  const campaigns = [...mains, ...scope.campaigns.map(({ campaignId }) => campaignId)];
  const { projectId } = scope;
  const since = (days: number) => new Date(scope.now - days * 86_400_000);
  const result = await sql<{ history: HistoryRow }>`
    with cust as materialized (
      select id, created_at from customer
      where project_id = ${projectId} and identifier = ${scope.customer}
    ), lately as materialized (
      select id, items from orders
      where project_id = ${projectId} and customer_id = (select id from cust) and paid_at >= ${since(180)}
      order by paid_at desc limit 500
    )
    select jsonb_build_object(
      'created_at', (select (extract(epoch from created_at) * 1000)::bigint from cust),
      'orders', (
        select jsonb_build_object('count', count(*), 'amount', coalesce(sum(o.amount), 0),
                                  'last', (extract(epoch from max(o.paid_at)) * 1000)::bigint,
                                  'lately', count(*) filter (where o.paid_at >= ${since(90)}))
        from orders o
        where o.project_id = ${projectId} and o.customer_id = (select id from cust) and o.paid_at is not null),
      'made', (
        select jsonb_build_object('count', count(*), 'lately', count(*) filter (where r.occurred_at >= ${since(90)}),
                                  'last', (extract(epoch from max(r.occurred_at)) * 1000)::bigint,
                                  'amount', coalesce(sum(r.amount), 0), 'discount', coalesce(sum(r.discount_amount), 0))
        from redemption r
        where r.project_id = ${projectId} and r.customer_id = (select id from cust)),
      'publications', (
        select coalesce(jsonb_agg(jsonb_build_object('campaign', campaign_id, 'main', main_id, 'count', published,
                                                     'last', last)), '[]')
        from (select p.campaign_id, c.parent_id as main_id, count(*) as published,
                     (extract(epoch from max(p.published_at)) * 1000)::bigint as last
              from publication p
              join campaign c on c.project_id = p.project_id and c.id = p.campaign_id
              where p.project_id = ${projectId} and p.customer_id = (select id from cust)
              group by p.campaign_id, c.parent_id) by_campaign),
      'served', (
        select coalesce(jsonb_object_agg(campaign_id, served), '{}')
        from (select campaign_id, count(*) as served
              from (select d.campaign_ids from offer_decision d
                    where d.project_id = ${projectId} and d.customer_identifier = ${scope.customer}
                      and d.created_at >= ${since(30)}
                    order by d.created_at desc limit 1000) lately, unnest(lately.campaign_ids) campaign_id
              group by campaign_id) by_campaign),
      'used', (
        select jsonb_build_object('redemptions', coalesce(sum(u.redemptions_count), 0),
                                  'discount', coalesce(sum(u.discount_amount), 0))
        from customer_usage u
        where u.project_id = ${projectId} and u.customer_id = (select id from cust) and u.scope = 'voucher'),
      'used_of_main', (
        select coalesce(jsonb_object_agg(u.scope_id, u.redemptions_count), '{}')
        from customer_usage u
        where u.project_id = ${projectId} and u.customer_id = (select id from cust) and u.scope = 'campaign'
          and u.scope_id = any(${mains}::text[])),
      'usage', (
        select coalesce(jsonb_object_agg(u.campaign_id, jsonb_build_object(
          'redemptions', u.redemptions_count, 'discount', u.discount_amount)), '{}')
        from campaign_usage u
        where u.project_id = ${projectId} and u.campaign_id = any(${campaigns}::text[])),
      'bought', ${boughtSql(scope)}
    ) as history
  `.execute(db);
  const row = result.rows[0];
  if (row === undefined) throw new Error("the history query returned no row");
  return row.history;
}

/** What the orders in `lately` were of, and what they earned where all of their costs are known. */
function boughtSql({ basket }: HistoryScope) {
  return sql`(
    select jsonb_build_object(
      'known', (select count(distinct category) from unnest(${basket?.categories ?? []}::text[]) category
                where category in (select jsonb_array_elements_text(coalesce(i -> 'categories', '[]'))
                                   from lately l, jsonb_array_elements(l.items) i)),
      'orders', count(*) filter (where costed),
      'revenue', coalesce(sum(revenue) filter (where costed), 0),
      'margin', coalesce(sum(revenue - cost) filter (where costed), 0))
    from (
      select bool_and(i ? 'unit_cost_amount') as costed,
             sum((i ->> 'quantity')::bigint * (i ->> 'unit_amount')::bigint) as revenue,
             sum((i ->> 'quantity')::bigint * (i ->> 'unit_cost_amount')::bigint) as cost
      from lately l, jsonb_array_elements(l.items) i
      group by l.id) by_order)`;
}
