/** One review with everything that a reviewer needs to decide. */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { readCluster } from "../clusters/read.ts";
import type { Cluster } from "../clusters/wire.ts";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import { notFound } from "../http/problem.ts";
import { readLinks } from "./linked.ts";
import type { ReviewRow } from "./rows.ts";
import { type ReviewDetailWire, reviewDetailWire } from "./schemas.ts";
import { selectReviews, toWire } from "./wire.ts";

const timelineMax = 200;
const relatedMax = 50;

/** @throws Problem not_found */
export async function readReview(deps: Deps, projectId: string, id: string): Promise<ReviewDetailWire> {
  const row = await selectReviews(deps.db, projectId).where("r.id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound("review");
  const cluster = await clusterOf(deps, projectId, row.customer);
  const [links, timeline, basket, summary, related] = await Promise.all([
    readLinks(deps, projectId, row.customer === null ? [] : [row.customer]),
    timelineOf(deps.db, row),
    basketOf(deps.db, row),
    summaryOf(deps.db, row),
    relatedTo(deps.db, row, cluster?.nodes.map((node) => node.customer) ?? []),
  ]);
  return { ...toWire(row, links), timeline, ...basket, customer_summary: summary, cluster, related };
}

async function clusterOf(deps: Deps, projectId: string, customer: string | null): Promise<Cluster | null> {
  if (customer === null) return null;
  try {
    return await readCluster(deps.warehouse, projectId, customer);
  } catch (error) {
    deps.log.warn({ err: error }, "a cluster could not be read");
    return null;
  }
}

async function timelineOf(db: Kysely<DB>, row: ReviewRow): Promise<ReviewDetailWire["timeline"]> {
  const entries = await db
    .selectFrom("review_entry")
    .selectAll()
    .where("project_id", "=", row.project_id)
    .where("review_id", "=", row.id)
    .orderBy("position", "desc")
    .limit(timelineMax)
    .execute();
  return entries.reverse().map((entry) => ({
    at: entry.at.toISOString(),
    kind: entry.kind as ReviewDetailWire["timeline"][number]["kind"],
    actor: entry.actor === null ? null : { id: entry.actor, name: entry.actor_name },
    note: entry.note,
    data: entry.data,
  }));
}

const content = z.object({
  order: z.unknown(),
  codes: z.array(z.looseObject({ code: z.string(), campaign_id: z.string().nullable(), discount_amount: z.number() })),
  automatic: z.array(z.looseObject({ campaign_id: z.string().nullable(), discount_amount: z.number() })).default([]),
});

/** What was bought, as it was decided; of an erased customer as much as is left. */
async function basketOf(db: Kysely<DB>, row: ReviewRow): Promise<Pick<ReviewDetailWire, "order" | "codes">> {
  if (row.subject_kind === "rejection") {
    const found = await db
      .selectFrom("rejection")
      .select(["order_data", "codes"])
      .where("project_id", "=", row.project_id)
      .where("id", "=", row.subject_id)
      .executeTakeFirst();
    const codes = (found?.codes ?? []).map((code) => ({ code, campaign_id: null, discount_amount: 0 }));
    return { order: orderOf(found?.order_data), codes };
  }
  const table = row.subject_kind;
  const found = await db
    .selectFrom(table)
    .select("response")
    .where("project_id", "=", row.project_id)
    .where("id", "=", row.subject_id)
    .executeTakeFirst();
  const parsed = content.safeParse(found?.response);
  if (!parsed.success) return { order: null, codes: [] };
  const { order, codes, automatic } = parsed.data;
  return {
    order: orderOf(order),
    codes: [...codes, ...automatic.map((one) => ({ ...one, code: "" }))].map(
      ({ code, campaign_id, discount_amount }) => ({ code, campaign_id, discount_amount }),
    ),
  };
}

function orderOf(stored: unknown): ReviewDetailWire["order"] {
  const parsed = reviewDetailWire.shape.order.safeParse(stored);
  return parsed.success ? parsed.data : null;
}

async function summaryOf(db: Kysely<DB>, row: ReviewRow): Promise<ReviewDetailWire["customer_summary"]> {
  if (row.customer === null) return null;
  const { rows } = await sql<{
    name: string | null;
    email: string | null;
    blocked: boolean;
    created_at: Date | null;
    orders_count: number;
    orders_amount: number;
    redemptions_count: number;
    rejections_count: number;
    rolled_back_count: number;
    discount_amount: number;
  }>`
    select c.name, c.email, coalesce(c.blocked, false) as blocked, c.created_at,
           coalesce(o.count, 0)::int as orders_count, coalesce(o.amount, 0)::bigint as orders_amount,
           coalesce(r.count, 0)::int as redemptions_count, coalesce(r.rolled_back, 0)::int as rolled_back_count,
           coalesce(r.discount, 0)::bigint as discount_amount,
           (select count(*)::int from rejection j
            where j.project_id = ${row.project_id} and j.customer_identifier = ${row.customer}) as rejections_count
    from (select 1) one
    left join customer c on c.project_id = ${row.project_id} and c.identifier = ${row.customer}
    left join lateral (
      select count(*), sum(o.amount) filter (where o.status = 'paid' and o.currency = ${row.currency}) as amount
      from orders o where o.project_id = c.project_id and o.customer_id = c.id) o on true
    left join lateral (
      select count(*), count(*) filter (where r.status = 'rolled_back') as rolled_back,
             sum(r.discount_amount - r.rolled_back_amount) filter (where r.currency = ${row.currency}) as discount
      from redemption r where r.project_id = c.project_id and r.customer_id = c.id) r on true`.execute(db);
  const [found] = rows;
  if (found === undefined) return null;
  return { identifier: row.customer, ...found, created_at: found.created_at?.toISOString() ?? null };
}

async function relatedTo(
  db: Kysely<DB>,
  row: ReviewRow,
  linked: readonly string[],
): Promise<ReviewDetailWire["related"]> {
  if (row.customer === null) return [];
  const rows = await db
    .selectFrom("review")
    .selectAll()
    .where("project_id", "=", row.project_id)
    .where("customer", "=", sql<string>`any(${[...new Set([row.customer, ...linked])]}::text[])`)
    .where("id", "<>", row.id)
    .orderBy("id", "desc")
    .limit(relatedMax)
    .execute();
  return rows.map((other) => ({
    id: other.id,
    why: other.customer === row.customer ? ("same_customer" as const) : ("linked" as const),
    customer: other.customer === null ? null : { identifier: other.customer },
    subject: { kind: other.subject_kind, id: other.subject_id },
    status: other.status,
    score: other.score,
    amount_at_risk: other.amount_at_risk,
    currency: other.currency,
    opened_at: other.opened_at.toISOString(),
  }));
}
