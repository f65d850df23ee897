/** The one read of a decision: everything it looks at, of one instant, in one round trip. */
import type pg from "pg";

/**
 * Parameters: $1 project id, $2 codes (normalised), $3 customer identifier or null, $4 order id or null,
 * $5 the instant to decide at (RFC 3339) or null for the database's clock.
 *
 * Each voucher counts on `voucher (project_id, code)`, everything else on primary keys; past activity reads at most a
 * day of `redemption_by_customer` and an hour of `rejection_by_customer`, so its cost does not grow with history.
 */
const factsSql = `
with clock as materialized (
  select now() as at, coalesce($5::timestamptz, now()) as decide_at
), cust as materialized (
  select c.* from customer c where c.project_id = $1 and c.identifier = $3
)
select jsonb_build_object(
  'clock', (extract(epoch from clock.at) * 1000)::bigint,
  'customer', (
    select jsonb_build_object(
      'id', c.id, 'blocked', c.blocked, 'attributes', c.attributes, 'tags', c.tags, 'metadata', c.metadata,
      'created_at', (extract(epoch from c.created_at) * 1000)::bigint, 'birthday', c.birthday,
      'is_new', not exists (
        select from orders o where o.project_id = $1 and o.customer_id = c.id and o.paid_at is not null
          and o.paid_at < clock.decide_at and o.status = 'paid' and o.id is distinct from $4),
      'activity', jsonb_build_object(
        'redemptions_last_hour', day.last_hour, 'redemptions_last_day', day.last_day,
        'last_redemption_at', (
          select (extract(epoch from r.occurred_at) * 1000)::bigint from redemption r
          where r.project_id = $1 and r.customer_id = c.id and r.occurred_at < clock.decide_at
          order by r.occurred_at desc limit 1)))
    from cust c, lateral (
      select count(*) as last_day,
             count(*) filter (where r.occurred_at >= clock.decide_at - interval '1 hour') as last_hour
      from redemption r
      where r.project_id = $1 and r.customer_id = c.id
        and r.occurred_at < clock.decide_at and r.occurred_at >= clock.decide_at - interval '1 day') day),
  'order_status', (select o.status from orders o where o.project_id = $1 and o.id = $4),
  'rejections_last_hour', (
    select count(*) from rejection j
    where j.project_id = $1 and j.customer_identifier = $3
      and j.occurred_at < clock.decide_at and j.occurred_at >= clock.decide_at - interval '1 hour'),
  'redeemables', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'voucher', jsonb_build_object(
        'id', v.id, 'version', v.version, 'code', v.code, 'kind', v.kind, 'status', v.status,
        'redemptions_max', v.redemptions_max, 'redemptions_count', v.redemptions_count,
        'discount_amount', v.discount_amount, 'limits', v.limits, 'rules', v.rules,
        'starts_at', (extract(epoch from v.starts_at) * 1000)::bigint,
        'expires_at', (extract(epoch from v.expires_at) * 1000)::bigint,
        'assigned_id', v.customer_id,
        'used_by_customer', coalesce(vu.redemptions_count, 0), 'given_to_customer', coalesce(vu.discount_amount, 0)),
      'campaign', jsonb_build_object(
        'id', s.id, 'version', s.version, 'name', s.name, 'status', s.status, 'currency', s.currency,
        'starts_at', (extract(epoch from s.starts_at) * 1000)::bigint,
        'ends_at', (extract(epoch from s.ends_at) * 1000)::bigint,
        'time_zone', s.time_zone, 'budget_amount', s.budget_amount, 'budget_policy', s.budget_policy,
        'redemptions_max', s.redemptions_max, 'limits', s.limits, 'rules', s.rules, 'rewards', s.rewards,
        'stacking', s.stacking, 'holdout_percent', s.holdout_percent, 'holdout_codes', s.holdout_codes,
        'redemptions_count', su.redemptions_count, 'discount_amount', su.discount_amount,
        'used_by_customer', coalesce(scu.redemptions_count, 0), 'given_to_customer', coalesce(scu.discount_amount, 0)),
      'main', jsonb_build_object(
        'id', m.id, 'version', m.version, 'status', m.status,
        'starts_at', (extract(epoch from m.starts_at) * 1000)::bigint,
        'ends_at', (extract(epoch from m.ends_at) * 1000)::bigint,
        'budget_amount', m.budget_amount, 'budget_policy', m.budget_policy,
        'redemptions_max', m.redemptions_max, 'limits', m.limits, 'rules', m.rules,
        'redemptions_count', mu.redemptions_count, 'discount_amount', mu.discount_amount,
        'used_by_customer', coalesce(mcu.redemptions_count, 0), 'given_to_customer', coalesce(mcu.discount_amount, 0)))),
      '[]')
    from voucher v
    join campaign s on s.project_id = v.project_id and s.id = v.campaign_id
    join campaign m on m.project_id = s.project_id and m.id = s.parent_id
    join campaign_usage su on su.project_id = s.project_id and su.campaign_id = s.id
    join campaign_usage mu on mu.project_id = m.project_id and mu.campaign_id = m.id
    left join customer_usage vu on vu.project_id = $1 and vu.customer_id = (select id from cust)
      and vu.scope = 'voucher' and vu.scope_id = v.id
    left join customer_usage scu on scu.project_id = $1 and scu.customer_id = (select id from cust)
      and scu.scope = 'campaign' and scu.scope_id = s.id
    left join customer_usage mcu on mcu.project_id = $1 and mcu.customer_id = (select id from cust)
      and mcu.scope = 'campaign' and mcu.scope_id = m.id
    where v.project_id = $1 and v.code = any($2)),
  'applied_before', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'redemption_id', rc.redemption_id, 'voucher_id', rc.voucher_id, 'code', rc.code, 'campaign_id', rc.campaign_id,
      'parent_id', rc.main_campaign_id, 'stacking', s.stacking, 'discount_amount', rc.discount_amount, 'items_discount', rc.items_discount,
      'shipping_discount', rc.shipping_discount) order by rc.redemption_id, rc.position), '[]')
    from redemption_code rc
    join campaign s on s.project_id = rc.project_id and s.id = rc.campaign_id
    where rc.project_id = $1 and rc.order_id = $4 and rc.live)
) as facts
from clock`;

interface DefinitionRow {
  readonly id: string;
  readonly version: number;
  readonly starts_at: number | null;
  readonly limits: unknown;
  readonly rules: unknown;
  readonly redemptions_max: number | null;
  readonly redemptions_count: number;
  readonly discount_amount: number;
  readonly used_by_customer: number;
  readonly given_to_customer: number;
}

export interface VoucherRow extends DefinitionRow {
  readonly code: string;
  readonly kind: "unique" | "generic";
  readonly status: "created" | "distributed" | "redeemed" | "disabled";
  readonly assigned_id: string | null;
  readonly expires_at: number | null;
}

export interface MainCampaignRow extends DefinitionRow {
  readonly status: "draft" | "active" | "paused" | "archived";
  readonly ends_at: number | null;
  readonly budget_amount: number | null;
  readonly budget_policy: "refuse" | "trim";
}

export interface CampaignRow extends MainCampaignRow {
  readonly name: string;
  readonly currency: string;
  readonly time_zone: string;
  readonly rewards: unknown;
  readonly stacking: unknown;
  readonly holdout_percent: number;
  readonly holdout_codes: boolean;
}

export interface FactsRow {
  /** The database's clock, epoch ms. */
  readonly clock: number;
  readonly customer: {
    readonly id: string;
    readonly blocked: boolean;
    readonly attributes: Record<string, string | number | boolean | string[]>;
    readonly tags: Record<string, string[]>;
    readonly metadata: Record<string, string | number | boolean>;
    readonly created_at: number;
    readonly birthday: string | null;
    readonly is_new: boolean;
    readonly activity: {
      readonly redemptions_last_hour: number;
      readonly redemptions_last_day: number;
      readonly last_redemption_at: number | null;
    };
  } | null;
  /** Of the order as the shop reported it; null for one that was not reported yet. */
  readonly order_status: "created" | "paid" | "cancelled" | "refunded" | null;
  readonly rejections_last_hour: number;
  readonly redeemables: readonly {
    readonly voucher: VoucherRow;
    readonly campaign: CampaignRow;
    readonly main: MainCampaignRow;
  }[];
  readonly applied_before: readonly {
    readonly redemption_id: string;
    readonly voucher_id: string;
    readonly code: string;
    readonly campaign_id: string;
    readonly parent_id: string;
    readonly stacking: unknown;
    readonly discount_amount: number;
    readonly items_discount: number[];
    readonly shipping_discount: number;
  }[];
}

export interface FactsKey {
  readonly projectId: string;
  readonly codes: readonly string[];
  readonly customer: string | null;
  readonly orderId: string | null;
  /** RFC 3339; null decides at the database's clock. */
  readonly at: string | null;
}

export async function queryFacts(pool: pg.Pool, key: FactsKey): Promise<FactsRow> {
  const result = await pool.query<{ facts: FactsRow }>({
    name: "facts",
    text: factsSql,
    values: [key.projectId, key.codes, key.customer, key.orderId, key.at],
  });
  const row = result.rows[0];
  if (row === undefined) throw new Error("the facts query returned no row");
  return row.facts;
}
