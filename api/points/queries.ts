/** The SQL of points accounts. The functions that move points are in `db/migrations/*_points.sql`. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";

export type EntryRow = Pick<
  Selectable<DB["points_entry"]>,
  "id" | "kind" | "points" | "balance_after" | "reason" | "reference_id" | "created_at" | "position"
>;

/** Newest first; `before` is the position of the last entry seen. */
export function listEntries(
  db: Kysely<DB>,
  projectId: string,
  customerId: string,
  page: { readonly before: number | undefined; readonly limit: number },
): Promise<EntryRow[]> {
  return db
    .selectFrom("points_entry")
    .select(["id", "kind", "points", "balance_after", "reason", "reference_id", "created_at", "position"])
    .where("project_id", "=", projectId)
    .where("customer_id", "=", customerId)
    .$if(page.before !== undefined, (query) => query.where("position", "<", page.before ?? 0))
    .orderBy("position", "desc")
    .limit(page.limit)
    .execute();
}

export interface Lot {
  readonly points: number;
  readonly expires_at: Date;
}

/** What can be spent at this moment, and what of it goes next, in one snapshot. */
export async function readBalance(
  db: Kysely<DB>,
  projectId: string,
  customerId: string,
  lotsMax: number,
): Promise<{ balance: number; expiring: Lot[] }> {
  const { rows } = await sql<{ balance: number; points: number | null; expires_at: Date | null }>`
    select b.balance, l.points_left as points, l.expires_at
    from (select points_available(${projectId}, ${customerId}, now()) as balance) b
    left join lateral (
      select points_left, expires_at from points_lot
      where project_id = ${projectId} and customer_id = ${customerId} and points_left > 0 and expires_at > now()
      order by expires_at limit ${lotsMax}
    ) l on true
    order by l.expires_at
  `.execute(db);
  return {
    balance: rows[0]?.balance ?? 0,
    expiring: rows.flatMap(({ points, expires_at }) =>
      points === null || expires_at === null ? [] : [{ points, expires_at }],
    ),
  };
}

/**
 * Takes the counters of a campaign until the transaction ends, so that of two exchanges each sees what the other sold.
 * Before the campaign itself: whoever changes a definition goes the same way.
 */
export async function lockUsage(tx: Transaction<DB>, projectId: string, campaignId: string): Promise<void> {
  await tx
    .selectFrom("campaign_usage")
    .select("campaign_id")
    .where("project_id", "=", projectId)
    .where("campaign_id", "=", campaignId)
    .forUpdate()
    .execute();
}

/** Vouchers that were exchanged for points and may still be used: by everybody, and by this customer. */
export async function countOpenExchanges(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  customerId: string,
  at: Date,
): Promise<{ all: number; own: number }> {
  const row = await tx
    .selectFrom("voucher")
    .select((eb) => [
      eb.fn.countAll<number>().as("all"),
      eb.fn.countAll<number>().filterWhere("customer_id", "=", customerId).as("own"),
    ])
    .where("project_id", "=", projectId)
    .where("campaign_id", "=", campaignId)
    .where("points_paid", "=", true)
    .where("redemptions_count", "=", 0)
    .where("status", "in", ["created", "distributed"])
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", at)]))
    .executeTakeFirstOrThrow();
  return { all: row.all, own: row.own };
}

export async function countOwnUses(
  tx: Transaction<DB>,
  projectId: string,
  customerId: string,
  campaignIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await tx
    .selectFrom("customer_usage")
    .select(["scope_id", "redemptions_count"])
    .where("project_id", "=", projectId)
    .where("customer_id", "=", customerId)
    .where("scope", "=", "campaign")
    .where("scope_id", "in", campaignIds)
    .execute();
  return new Map(rows.map((row) => [row.scope_id, row.redemptions_count]));
}

/** Says that the voucher's price in points is paid: its redemption takes none. */
export async function markPaid(tx: Transaction<DB>, projectId: string, voucherId: string): Promise<void> {
  await tx
    .updateTable("voucher")
    .set({ points_paid: true })
    .where("project_id", "=", projectId)
    .where("id", "=", voucherId)
    .execute();
}

export function readVoucher(tx: Transaction<DB>, projectId: string, voucherId: string) {
  return tx
    .selectFrom("voucher as v")
    .leftJoin("customer as k", (join) =>
      join.onRef("k.project_id", "=", "v.project_id").onRef("k.id", "=", "v.customer_id"),
    )
    .selectAll("v")
    .select("k.identifier as customer_identifier")
    .where("v.project_id", "=", projectId)
    .where("v.id", "=", voucherId)
    .executeTakeFirstOrThrow();
}
