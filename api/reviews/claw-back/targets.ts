/** What a claw-back would take: read when it is shown, and again when it is done. */
import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { readCluster } from "../../clusters/read.ts";
import type { DB } from "../../db/tables.ts";
import type { Deps } from "../../deps.ts";
import { notFound, Problem } from "../../http/problem.ts";
import type { ReviewRow } from "../rows.ts";
import { holds } from "./holds.ts";
import { clawBackLimits as limits } from "./schemas.ts";

export type Scope = DB["claw_back"]["scope"];

/** The accounts of a cluster; of somebody who is linked to nobody, that one. */
export interface Accounts {
  readonly identifiers: readonly string[];
  /** There are more. */
  readonly truncated: boolean;
}

export const noAccounts: Accounts = { identifiers: [], truncated: false };

/** Older redemptions of linked accounts are left alone: what links them is seen in a window as long. */
const reachDays = 90;

/** The claw-back that has taken it already: this one holds it too. Null: it is still to be taken. */
type Holder = string | null;

export interface Targets {
  readonly redemptions: readonly {
    readonly id: string;
    readonly order_id: string;
    readonly customer: string | null;
    readonly currency: string;
    /** Discount that stands. */
    readonly amount: number;
    readonly occurred_at: Date;
    readonly held_by: Holder;
  }[];
  readonly vouchers: readonly {
    readonly id: string;
    readonly code: string;
    readonly kind: string;
    readonly campaign_id: string;
    readonly held_by: Holder;
  }[];
  readonly customers: readonly {
    readonly id: string;
    readonly identifier: string;
    readonly name: string | null;
    readonly held_by: Holder;
  }[];
  readonly since: Date | null;
  readonly truncated: boolean;
}

/** @throws Problem not_found; busy when the warehouse does not answer: who is linked must not be guessed. */
export async function readAccounts(deps: Deps, projectId: string, reviewId: string): Promise<Accounts> {
  const review = await deps.db
    .selectFrom("review")
    .select("customer")
    .where("project_id", "=", projectId)
    .where("id", "=", reviewId)
    .executeTakeFirst();
  if (review === undefined) throw notFound("review");
  const { customer } = review;
  if (customer === null) return noAccounts;
  const cluster = await readCluster(deps.warehouse, projectId, customer).catch((error: unknown) => {
    deps.log.warn({ err: error }, "a cluster could not be read");
    throw new Problem("busy", "Linked accounts cannot be read now.", { headers: { "retry-after": "5" } });
  });
  const others = cluster?.nodes.map((node) => node.customer).filter((other) => other !== customer) ?? [];
  const identifiers = [customer, ...others].slice(0, limits.customers);
  return { identifiers, truncated: (cluster?.customers_count ?? 1) > identifiers.length };
}

/**
 * `this`: the redemption, and the codes of it that are for one use. `cluster`: what the accounts redeemed of late, the
 * codes that are theirs or are for one use, and the accounts. A code for everybody is a campaign's, and gift cards are
 * money: neither is switched off here.
 */
export async function findTargets(
  db: Kysely<DB>,
  review: ReviewRow,
  scope: Scope,
  { identifiers, truncated }: Accounts,
): Promise<Targets> {
  const since = scope === "cluster" ? new Date(Date.now() - reachDays * 86_400_000) : null;
  const customers = scope === "cluster" ? await findCustomers(db, review.project_id, identifiers) : [];
  const ids = customers.map((customer) => customer.id);
  const redemptions = await findRedemptions(db, review, ids, since);
  const taken = redemptions.slice(0, limits.redemptions);
  const vouchers = await findVouchers(db, review, { ids, redemptionIds: taken.map((one) => one.id) });
  return {
    redemptions: taken,
    vouchers: vouchers.slice(0, limits.vouchers),
    customers: customers
      .filter((customer) => !customer.blocked || customer.held_by !== null)
      .map(({ blocked: _, ...customer }) => customer),
    since,
    truncated: truncated || redemptions.length > limits.redemptions || vouchers.length > limits.vouchers,
  };
}

async function findCustomers(db: Kysely<DB>, projectId: string, identifiers: readonly string[]) {
  return db
    .selectFrom("customer")
    .select(["id", "identifier", "name", "blocked"])
    .select((eb) => [
      eb
        .case()
        .when("blocked", "=", true)
        .then(holds({ projectId, kind: "customer", target: eb.ref("customer.id"), version: eb.ref("block_changes") }))
        .end()
        .as("held_by"),
    ])
    .where("project_id", "=", projectId)
    .where("identifier", "=", sql<string>`any(${identifiers}::text[])`)
    .orderBy("identifier")
    .execute();
}

/** The newest first; the review's own whoever made it. */
async function findRedemptions(
  db: Kysely<DB>,
  review: ReviewRow,
  customerIds: readonly string[],
  since: Date | null,
): Promise<Targets["redemptions"]> {
  const held = holds({ projectId: review.project_id, kind: "redemption", target: sql.ref("r.id"), version: null });
  const { rows } = await sql<Targets["redemptions"][number]>`
    select r.id, r.order_id, c.identifier as customer, r.currency, r.discount_amount - r.rolled_back_amount as amount,
           r.occurred_at, case when r.status = 'rolled_back' then ${held} end as held_by
    from redemption r left join customer c on c.project_id = r.project_id and c.id = r.customer_id
    where r.project_id = ${review.project_id}
      and (r.status = 'redeemed' or (r.status = 'rolled_back' and ${held} is not null))
      and (r.id = ${review.redemption_id}
           or (r.customer_id = any(${customerIds}::text[]) and r.occurred_at >= ${since}))
    order by r.id = ${review.redemption_id} desc, r.occurred_at desc, r.id desc
    limit ${limits.redemptions + 1}`.execute(db);
  return rows;
}

/** Codes of the redemptions that are for one use, and codes that were given to the accounts or are theirs to share. */
async function findVouchers(
  db: Kysely<DB>,
  review: ReviewRow,
  { ids, redemptionIds }: { readonly ids: readonly string[]; readonly redemptionIds: readonly string[] },
): Promise<Targets["vouchers"]> {
  const own = review.redemption_id === null ? redemptionIds : [...redemptionIds, review.redemption_id];
  const [target, version] = [sql.ref("v.id"), sql.ref("v.version")];
  const held = holds({ projectId: review.project_id, kind: "voucher", target, version });
  const { rows } = await sql<Targets["vouchers"][number]>`
    with wanted as (
      select c.voucher_id as id from redemption_code c
      where c.project_id = ${review.project_id} and c.redemption_id = any(${own}::text[])
      union
      select v.id from rejection j join voucher v on v.project_id = j.project_id and v.code = any(j.codes)
      where j.project_id = ${review.project_id} and j.id = ${review.subject_id}
      union
      select v.id from voucher v
      where v.project_id = ${review.project_id} and v.customer_id = any(${ids}::text[])
      union
      select v.id from voucher v
      where v.project_id = ${review.project_id} and v.referrer_id = any(${ids}::text[])
    )
    select v.id, v.code, v.kind, v.campaign_id, case when v.status = 'disabled' then ${held} end as held_by
    from wanted w join voucher v on v.project_id = ${review.project_id} and v.id = w.id
    where (v.status <> 'disabled' or ${held} is not null) and (v.kind = 'unique' or v.referrer_id = any(${ids}::text[]))
    order by v.code limit ${limits.vouchers + 1}`.execute(db);
  return rows;
}

/** The same for the same things, in whatever order they are found. */
export function digestOf(scope: Scope, { redemptions, vouchers, customers }: Targets): string {
  const marked = ({ id, held_by }: { readonly id: string; readonly held_by: Holder }) => `${id} ${held_by ?? ""}`;
  const content = [
    scope,
    redemptions.map((one) => `${marked(one)} ${one.amount}`).sort(),
    vouchers.map(marked).sort(),
    customers.map(marked).sort(),
  ];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
