/** What a customer holds: vouchers and gift cards, points, and codes of pools that were handed out to them. */
import type { z } from "@hono/zod-openapi";
import { type Kysely, type NotNull, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { toPage } from "../http/pagination.ts";
import { shownStatus } from "../vouchers/wire.ts";
import type { walletEntry, walletWire } from "./schemas.ts";

const poolCodesMax = 100;

/** One page of the vouchers, and beside it what the customer holds in all. */
export async function readWallet(
  db: Kysely<DB>,
  projectId: string,
  customerId: string,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<z.output<typeof walletWire>> {
  const { limit } = page;
  const [rows, points, giftCards, poolCodes] = await Promise.all([
    listWallet(db, projectId, customerId, page),
    readPoints(db, projectId, customerId),
    sumGiftCards(db, projectId, customerId),
    listPoolCodes(db, projectId, customerId),
  ]);
  return {
    points: {
      balance: points.balance,
      next_expiry:
        points.next_points === null || points.next_expires_at === null
          ? null
          : { points: points.next_points, expires_at: points.next_expires_at.toISOString() },
    },
    gift_cards: giftCards,
    pool_codes: poolCodes.map((row) => ({ ...row, taken_at: row.taken_at.toISOString() })),
    ...toPage(rows, limit, (row) => [row.id], toWalletEntry),
  };
}

async function readPoints(db: Kysely<DB>, projectId: string, customerId: string) {
  const { rows } = await sql<{ balance: number; next_points: number | null; next_expires_at: Date | null }>`
    select points_available(${projectId}, ${customerId}, now()) as balance,
           l.points_left as next_points, l.expires_at as next_expires_at
    from (select) one
    left join lateral (
      select points_left, expires_at from points_lot
      where project_id = ${projectId} and customer_id = ${customerId} and points_left > 0 and expires_at > now()
      order by expires_at limit 1
    ) l on true
  `.execute(db);
  const row = rows[0];
  if (!row) throw new Error("the points of a customer gave no row");
  return row;
}

/** What the customer's open gift cards hold, by currency. */
async function sumGiftCards(db: Kysely<DB>, projectId: string, customerId: string) {
  const { rows } = await sql<{ currency: string; cards_count: number; balance_amount: number }>`
    select c.currency, count(*) as cards_count, sum(v.balance_amount)::bigint as balance_amount
    from voucher v
    join campaign c on c.project_id = v.project_id and c.id = v.campaign_id
    where v.project_id = ${projectId} and v.customer_id = ${customerId} and v.kind = 'gift_card'
      and v.status <> 'disabled' and v.balance_amount > 0 and (v.expires_at is null or v.expires_at > now())
    group by c.currency order by c.currency
  `.execute(db);
  return rows;
}

/** Newest first. A code that a reservation only holds has not been handed out. */
async function listPoolCodes(db: Kysely<DB>, projectId: string, customerId: string) {
  const { rows } = await sql<{
    code: string;
    pool_id: string;
    pool_name: string;
    redemption_id: string | null;
    taken_at: Date;
  }>`
    select k.code, k.pool_id, p.name as pool_name, k.redemption_id, k.taken_at
    from pool_code k
    join pool p on p.project_id = k.project_id and p.id = k.pool_id
    where k.project_id = ${projectId} and k.customer_id = ${customerId} and k.taken_at is not null
      and not exists (
        select from reservation r
        where r.project_id = k.project_id and r.redemption_id = k.redemption_id and r.status = 'held')
    order by k.taken_at desc, k.id limit ${poolCodesMax}
  `.execute(db);
  return rows;
}

/** Vouchers that are assigned to the customer or were published to them, by id; `after` is the last id seen. */
function listWallet(
  db: Kysely<DB>,
  projectId: string,
  customerId: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
) {
  return db
    .selectFrom("voucher as v")
    .leftJoin("customer_usage as u", (join) =>
      join
        .onRef("u.project_id", "=", "v.project_id")
        .on("u.customer_id", "=", customerId)
        .on("u.scope", "=", "voucher")
        .onRef("u.scope_id", "=", "v.id"),
    )
    .select([
      "v.id",
      "v.code",
      "v.campaign_id",
      "v.kind",
      "v.status",
      "v.redemptions_max",
      "v.redemptions_count",
      "v.holds_count",
      "v.balance_amount",
      "v.referrer_id",
      "v.customer_id",
      "v.starts_at",
      "v.expires_at",
      sql<Date>`now()`.as("now"),
      sql<number>`coalesce(u.redemptions_count, 0)`.as("used_by_customer"),
    ])
    .where("v.project_id", "=", projectId)
    .where("v.id", "in", (eb) =>
      eb
        .selectFrom("voucher as own")
        .select("own.id")
        .where("own.project_id", "=", projectId)
        .where("own.customer_id", "=", customerId)
        .union(
          eb
            .selectFrom("publication as p")
            .select("p.voucher_id as id")
            .$narrowType<{ id: NotNull }>()
            .where("p.project_id", "=", projectId)
            .where("p.customer_id", "=", customerId)
            .where("p.voucher_id", "is not", null)
            // It did not arrive: whoever has the voucher now, this customer knows nothing of it.
            .where("p.status", "<>", "failed"),
        ),
    )
    .$if(after !== undefined, (query) => query.where("v.id", ">", after ?? ""))
    .orderBy("v.id")
    .limit(limit + 1)
    .execute();
}

type WalletRow = Awaited<ReturnType<typeof listWallet>>[number];

function toWalletEntry(row: WalletRow): z.output<typeof walletEntry> {
  return {
    code: row.code,
    voucher_id: row.id,
    campaign_id: row.campaign_id,
    kind: row.kind,
    status: shownStatus(row, row.now),
    assigned: row.customer_id !== null,
    balance_amount: row.balance_amount,
    referral: row.referrer_id !== null,
    redemptions_left: row.redemptions_max === null ? null : Math.max(0, row.redemptions_max - row.redemptions_count),
    redemptions_by_customer: row.used_by_customer,
    starts_at: row.starts_at?.toISOString() ?? null,
    expires_at: row.expires_at?.toISOString() ?? null,
  };
}
