/** The one read of a decision: all that changes, of one instant, in one round trip, for one request or for many. */
import type pg from "pg";
import type { Subjects } from "../../models/features/signals/kinds.ts";
import { refusedSecondsSql } from "../attempts/attempts.ts";
import { wasAway } from "../db/away.ts";
import { MicroBatch } from "../db/micro-batch.ts";

/**
 * Parameters, one array entry a request: $1 project ids, $2 codes (normalised, a jsonb array each), $3 customer
 * identifiers or null, $4 order ids or null, $5 instants to decide at (RFC 3339) or null for the database's clock,
 * $6 whom the request is counted to when its codes do not exist (a jsonb array each), $7 the subjects whose states are
 * read from the online store (a jsonb object each, by kind; null: none).
 *
 * Definitions of campaigns are not read here but once a version (`definitions.ts`). Each voucher counts on
 * `voucher (project_id, code)`, everything else on primary keys: what of the past is looked at is kept as a state of a
 * bounded size a subject (at most twelve rows), so its cost does not grow with history. States are text that is put
 * together unread, as a column of its own.
 */
const factsSql = `
select jsonb_build_object(
  'clock', (extract(epoch from now()) * 1000)::bigint,
  'customer', (
    select jsonb_build_object(
      'id', c.id, 'blocked', c.blocked, 'attributes', c.attributes, 'tags', c.tags, 'metadata', c.metadata,
      'created_at', (extract(epoch from c.created_at) * 1000)::bigint, 'birthday', c.birthday,
      'is_new', not exists (
        select from orders o where o.project_id = q.project_id and o.customer_id = c.id and o.paid_at is not null
          and o.paid_at < q.decide_at and o.status = 'paid' and o.id is distinct from q.order_id))
    from (select cust.*) c where c.id is not null),
  'email_shape', mail.shape,
  'refused_seconds', ${refusedSecondsSql("q.project_id", "array(select jsonb_array_elements_text(q.subjects))")},
  'order_status', (select o.status from orders o where o.project_id = q.project_id and o.id = q.order_id),
  'automatic_version', (select a.version from automatic_version a where a.project_id = q.project_id),
  'risk_version', (select v.version from risk_version v where v.project_id = q.project_id),
  'holdout_percent', (select p.holdout_percent from project p where p.id = q.project_id),
  'holds_due', exists (
    select from reservation h where h.project_id = q.project_id and h.status = 'held' and h.expires_at <= now()),
  'vouchers', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', v.id, 'version', v.version, 'code', v.code, 'kind', v.kind, 'status', v.status,
      'redemptions_max', v.redemptions_max, 'redemptions_count', v.redemptions_count,
      'discount_amount', v.discount_amount, 'balance_amount', v.balance_amount,
      'limits', v.limits, 'rules', v.rules,
      'starts_at', (extract(epoch from v.starts_at) * 1000)::bigint,
      'expires_at', (extract(epoch from v.expires_at) * 1000)::bigint,
      'assigned_id', v.customer_id, 'referrer_id', v.referrer_id,
      'referrer', case when v.referrer_id is not null and q.signals is not null then (
        select r.identifier from customer r where r.project_id = q.project_id and r.id = v.referrer_id) end,
      'points_paid', v.points_paid,
      'used_by_customer', coalesce(vu.redemptions_count, 0), 'given_to_customer', coalesce(vu.discount_amount, 0),
      'campaign', jsonb_build_object(
        'id', s.id, 'version', s.version, 'redemptions_count', s.redemptions_count,
        'discount_amount', s.discount_amount, 'orders_amount', s.orders_amount,
        'used_by_customer', coalesce(scu.redemptions_count, 0),
        'given_to_customer', coalesce(scu.discount_amount, 0)),
      'main', jsonb_build_object(
        'id', m.id, 'version', m.version, 'redemptions_count', m.redemptions_count,
        'discount_amount', m.discount_amount, 'orders_amount', m.orders_amount,
        'used_by_customer', coalesce(mcu.redemptions_count, 0),
        'given_to_customer', coalesce(mcu.discount_amount, 0)))), '[]')
    -- The fence keeps the few vouchers first, whatever the plan was made for; everything after it goes by key.
    from (
      select * from voucher
      where project_id = q.project_id and code = any(array(select jsonb_array_elements_text(q.codes))) offset 0) v
    cross join lateral (
      select s.id, s.version, s.parent_id, u.redemptions_count, u.discount_amount, u.orders_amount
      from campaign s, campaign_usage u
      where s.project_id = v.project_id and s.id = v.campaign_id
        and u.project_id = v.project_id and u.campaign_id = v.campaign_id offset 0) s
    cross join lateral (
      select m.id, m.version, u.redemptions_count, u.discount_amount, u.orders_amount
      from campaign m, campaign_usage u
      where m.project_id = v.project_id and m.id = s.parent_id
        and u.project_id = v.project_id and u.campaign_id = s.parent_id offset 0) m
    left join lateral (
      select u.* from customer_usage u where u.project_id = q.project_id and u.customer_id = cust.id
        and u.scope = 'voucher' and u.scope_id = v.id offset 0) vu on true
    left join lateral (
      select u.* from customer_usage u where u.project_id = q.project_id and u.customer_id = cust.id
        and u.scope = 'campaign' and u.scope_id = s.id offset 0) scu on true
    left join lateral (
      select u.* from customer_usage u where u.project_id = q.project_id and u.customer_id = cust.id
        and u.scope = 'campaign' and u.scope_id = m.id offset 0) mcu on true),
  'applied_before', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'redemption_id', rc.redemption_id, 'voucher_id', rc.voucher_id, 'campaign_id', rc.campaign_id,
      'parent_id', rc.main_campaign_id, 'stacking', s.stacking,
      'held', exists (
        select from reservation h where h.project_id = rc.project_id and h.redemption_id = rc.redemption_id
          and h.status = 'held'),
      'gift_card', rc.rewards @> '[{"type": "gift_card"}]',
      'discount_amount', rc.discount_amount
        - (select coalesce(sum(x), 0) from unnest(rc.items_returned) x) - rc.shipping_returned,
      'items_discount', (
        select coalesce(jsonb_agg(given - coalesce(rc.items_returned[n], 0) order by n), '[]')
        from unnest(rc.items_discount) with ordinality as g(given, n)),
      'shipping_discount', rc.shipping_discount - rc.shipping_returned)
      order by rc.redemption_id, rc.position), '[]')
    from (
      select * from redemption_code where project_id = q.project_id and order_id = q.order_id and live offset 0) rc
    cross join lateral (
      select c.stacking from campaign c where c.project_id = rc.project_id and c.id = rc.campaign_id offset 0) s)
) as facts, (
  select '[' || string_agg('["' || st.kind || '",' || st.state || ']', ',') || ']'
  from (
    select w.key as kind, w.value as subject from jsonb_each_text(q.signals -> 'subjects') w
    union all
    select 'email_shape', mail.shape where mail.shape is not null
    union all
    select k.kind, k.subject
    from (
      select id, campaign_id from voucher where project_id = q.project_id and code = q.signals ->> 'code' offset 0) v
    cross join lateral (values
      ('code', v.id), ('campaign', v.campaign_id),
      ('habit', (q.signals -> 'subjects' ->> 'customer') || '/' || v.campaign_id)) k(kind, subject)
  ) asked
  cross join lateral (
    select st.kind, st.state from signal_state st
    where st.project_id = q.project_id and st.kind = asked.kind and st.subject = asked.subject offset 0) st
) as states
from (
  select g.project_id, g.codes, g.customer, g.order_id, g.subjects, g.signals, coalesce(g.at, now()) as decide_at, g.n
  from unnest($1::text[], $2::jsonb[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[], $7::jsonb[])
    with ordinality as g(project_id, codes, customer, order_id, at, subjects, signals, n)
) q
left join customer cust on cust.project_id = q.project_id and cust.identifier = q.customer
cross join lateral (
  select case when q.signals is not null and cust.email is not null then email_shape_hash(
    cust.email, decode(q.signals ->> 'inner', 'hex'), decode(q.signals ->> 'outer', 'hex')) end as shape offset 0) mail
order by q.n`;

/** What is used of a campaign, and by this customer; `version` names the definition that the counters go with. */
export interface CampaignUsageRow {
  readonly id: string;
  readonly version: number;
  readonly redemptions_count: number;
  readonly discount_amount: number;
  readonly orders_amount: number;
  readonly used_by_customer: number;
  readonly given_to_customer: number;
}

export interface VoucherRow {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly kind: "unique" | "generic" | "gift_card";
  readonly status: "created" | "distributed" | "redeemed" | "disabled";
  readonly redemptions_max: number | null;
  readonly redemptions_count: number;
  readonly discount_amount: number;
  readonly balance_amount: number | null;
  readonly limits: unknown;
  readonly rules: unknown;
  readonly starts_at: number | null;
  readonly expires_at: number | null;
  readonly assigned_id: string | null;
  readonly referrer_id: string | null;
  /** Whose identifier that is, where signals were asked for. */
  readonly referrer: string | null;
  readonly points_paid: boolean;
  readonly used_by_customer: number;
  readonly given_to_customer: number;
  readonly campaign: CampaignUsageRow;
  readonly main: CampaignUsageRow;
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
  } | null;
  /** Until whoever asks may try codes again; null when they may now. */
  readonly refused_seconds: number | null;
  /** Of the order as the shop reported it; null for one that was not reported yet. */
  readonly order_status: "created" | "paid" | "cancelled" | "refunded" | null;
  /** Keyed hash of the shape of the customer's e-mail address; null where signals were not asked for. */
  readonly email_shape: string | null;
  /** JSON text: `[kind, state]` of each subject that has one; null where there is none. */
  readonly states: string | null;
  /** Null for a project that never had an automatic campaign. */
  readonly automatic_version: number | null;
  /** Of its rules and policies of risk; null for a project that has changed none. */
  readonly risk_version: number | null;
  /** Of the global holdout. */
  readonly holdout_percent: number;
  /** Reservations of the project have run out and still hold what they held. */
  readonly holds_due: boolean;
  readonly vouchers: readonly VoucherRow[];
  readonly applied_before: readonly {
    readonly redemption_id: string;
    readonly voucher_id: string | null;
    readonly campaign_id: string;
    readonly parent_id: string;
    readonly stacking: unknown;
    readonly held: boolean;
    readonly gift_card: boolean;
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
  readonly subjects: readonly string[];
  /** Null where nobody scores. */
  readonly signals: SignalsKey | null;
}

/** What of the online store is read: the states of these subjects, of the e-mail address, and of the first code. */
interface SignalsKey {
  readonly subjects: Subjects;
  /** The code's normal form; null where it can be none. */
  readonly code: string | null;
  /** The key's blocks for what Postgres has to hash itself: see `hmacBlocks`. */
  readonly inner: string;
  readonly outer: string;
}

/** The reads of one process on one database. */
const readers = new WeakMap<pg.Pool, MicroBatch<FactsKey, FactsRow>>();

/** Requests that come at once are read together. */
export function readFacts(pool: pg.Pool, key: FactsKey): Promise<FactsRow> {
  let reader = readers.get(pool);
  if (reader === undefined) {
    reader = new MicroBatch((keys) => queryFacts(pool, keys), { lanes: 2, max: 32, wasAway });
    readers.set(pool, reader);
  }
  return reader.submit(key);
}

/** As `readFacts`, for many at once and on any connection. @returns a row for each key, in their order. */
export async function queryFacts(pool: Pick<pg.Pool, "query">, keys: readonly FactsKey[]): Promise<FactsRow[]> {
  const result = await pool.query<{ facts: Omit<FactsRow, "states">; states: string | null }>({
    name: "facts",
    text: factsSql,
    values: [
      keys.map((key) => key.projectId),
      keys.map((key) => JSON.stringify(key.codes)),
      keys.map((key) => key.customer),
      keys.map((key) => key.orderId),
      keys.map((key) => key.at),
      keys.map((key) => JSON.stringify(key.subjects)),
      keys.map((key) => (key.signals === null ? null : JSON.stringify(key.signals))),
    ],
  });
  if (result.rows.length !== keys.length) throw new Error("the facts query left out a request");
  return result.rows.map(({ facts, states }) => ({ ...facts, states }));
}
