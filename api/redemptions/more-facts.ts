/** The second read of a decision, made only when a rule, a limit or a reward in play asks for it. */
import type pg from "pg";
import type { Usage } from "../domain/facts.ts";

export interface PeriodKey {
  readonly scope: "campaign" | "voucher";
  readonly id: string;
  /** "" for what everybody shares. */
  readonly customerId: string;
  readonly bucket: string;
}

export function periodKey({ scope, id, customerId, bucket }: PeriodKey): string {
  return `${scope} ${id} ${customerId} ${bucket}`;
}

/** What was used in the periods, by `periodKey`; one in which nothing was is absent. */
export async function queryPeriods(
  pool: pg.Pool,
  projectId: string,
  keys: readonly PeriodKey[],
): Promise<ReadonlyMap<string, Usage>> {
  if (keys.length === 0) return new Map();
  const { rows } = await pool.query<{
    scope: "campaign" | "voucher";
    scope_id: string;
    customer_id: string;
    bucket: string;
    redemptions_count: number;
    discount_amount: number;
  }>({
    name: "periods",
    text: `select u.scope, u.scope_id, u.customer_id, u.bucket, u.redemptions_count, u.discount_amount
           from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as k(scope, id, customer_id, bucket)
           join period_usage u on u.project_id = $1 and u.scope = k.scope and u.scope_id = k.id
             and u.customer_id = k.customer_id and u.bucket = k.bucket`,
    values: [
      projectId,
      keys.map((key) => key.scope),
      keys.map((key) => key.id),
      keys.map((key) => key.customerId),
      keys.map((key) => key.bucket),
    ],
  });
  return new Map(
    rows.map((row) => [
      periodKey({ scope: row.scope, id: row.scope_id, customerId: row.customer_id, bucket: row.bucket }),
      { redemptionsCount: row.redemptions_count, discountAmount: row.discount_amount },
    ]),
  );
}

/** What the account holds, without what has expired by now. */
export async function queryPoints(pool: pg.Pool, projectId: string, customerId: string): Promise<number> {
  const { rows } = await pool.query<{ points: number | null }>({
    name: "points",
    text: "select points_available($1, $2, now()) as points",
    values: [projectId, customerId],
  });
  return rows[0]?.points ?? 0;
}

/** Names of the segments, sorted. */
export async function querySegments(pool: pg.Pool, projectId: string, customerId: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>({
    name: "segments",
    text: `select s.name from segment_member m join segment s on s.project_id = m.project_id and s.id = m.segment_id
           where m.project_id = $1 and m.customer_id = $2 order by s.name`,
    values: [projectId, customerId],
  });
  return rows.map((row) => row.name);
}

/** More than one request can take. */
const stockSeenMax = 64;

/** Free codes of each pool, counted up to 64. */
export async function queryPools(
  pool: pg.Pool,
  projectId: string,
  ids: readonly string[],
): Promise<Record<string, number>> {
  if (ids.length === 0) return {};
  const { rows } = await pool.query<{ id: string; free: number }>({
    name: "pools",
    text: `select p.id, (select count(*) from (
             select from pool_code k where k.project_id = $1 and k.pool_id = p.id and k.status = 'free' limit $3) x) as free
           from unnest($2::text[]) as p(id)`,
    values: [projectId, [...new Set(ids)], stockSeenMax],
  });
  return Object.fromEntries(rows.map((row) => [row.id, row.free]));
}

export interface CampaignCounters {
  readonly usage: Usage;
  readonly ordersAmount: number;
  readonly customerUsage: Usage;
}

/** Counters of campaigns by id, with what the customer has used of them. */
export async function queryCampaignCounters(
  pool: pg.Pool,
  projectId: string,
  ids: readonly string[],
  customerId: string | null,
): Promise<ReadonlyMap<string, CampaignCounters>> {
  if (ids.length === 0) return new Map();
  const { rows } = await pool.query<{
    id: string;
    redemptions_count: number;
    discount_amount: number;
    orders_amount: number;
    used_by_customer: number;
    given_to_customer: number;
  }>({
    name: "campaign-counters",
    text: `select u.campaign_id as id, u.redemptions_count, u.discount_amount, u.orders_amount,
                  coalesce(c.redemptions_count, 0) as used_by_customer, coalesce(c.discount_amount, 0) as given_to_customer
           from campaign_usage u
           left join customer_usage c on c.project_id = $1 and c.customer_id = $3 and c.scope = 'campaign'
             and c.scope_id = u.campaign_id
           where u.project_id = $1 and u.campaign_id = any($2)`,
    values: [projectId, [...new Set(ids)], customerId],
  });
  return new Map(
    rows.map((row) => [
      row.id,
      {
        usage: { redemptionsCount: row.redemptions_count, discountAmount: row.discount_amount },
        ordersAmount: row.orders_amount,
        customerUsage: { redemptionsCount: row.used_by_customer, discountAmount: row.given_to_customer },
      },
    ]),
  );
}
