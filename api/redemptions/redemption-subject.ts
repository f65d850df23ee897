/** A redemption with everything that undoing it looks at. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { AppliedReward } from "../domain/decision.ts";
import type { Line } from "./lines.ts";

export interface RedeemedCodeRow {
  readonly position: number;
  readonly voucher_id: string | null;
  readonly code: string;
  readonly campaign_id: string;
  readonly main_campaign_id: string;
  readonly discount_amount: number;
  readonly items_discount: number[];
  readonly shipping_discount: number;
  readonly items_returned: number[];
  readonly shipping_returned: number;
  readonly rewards: readonly AppliedReward[];
  readonly voucher_rules: unknown;
  readonly referrer_id: string | null;
}

export interface IssuedRow {
  readonly id: string;
  readonly type: "points" | "voucher" | "pool_voucher" | "gift_credit";
  readonly campaign_id: string;
  readonly customer_id: string | null;
  readonly customer_identifier: string | null;
  readonly amount: number | null;
  readonly voucher_id: string | null;
  /** Of the voucher or the card, as it is now. */
  readonly voucher_code: string | null;
  readonly voucher_uses: number | null;
  readonly voucher_disabled: boolean | null;
  readonly voucher_balance: number | null;
  /** What the customer's account holds now. */
  readonly points_available: number | null;
}

export interface Subject {
  readonly id: string;
  readonly order_id: string;
  readonly order_data: unknown;
  readonly status: "redeemed" | "rolled_back";
  readonly customer_id: string | null;
  readonly identifier: string | null;
  readonly source: string;
  readonly facts: unknown;
  readonly discount_amount: number;
  readonly rolled_back_amount: number;
  readonly rollbacks_count: number;
  readonly units_returned: number[];
  readonly clock: Date;
  readonly codes: readonly RedeemedCodeRow[];
  /** What it moved, this far: its ledger. */
  readonly moved: readonly Line[];
  readonly issued: readonly IssuedRow[];
  readonly points_spent: number;
}

/** @param db a transaction reads what it has done itself. */
export async function findSubject(db: Kysely<DB>, projectId: string, id: string): Promise<Subject | undefined> {
  const redemption = await db
    .selectFrom("redemption as r")
    .leftJoin("customer as c", (join) =>
      join.onRef("c.project_id", "=", "r.project_id").onRef("c.id", "=", "r.customer_id"),
    )
    .select([
      "r.id",
      "r.order_id",
      "r.order_data",
      "r.status",
      "r.customer_id",
      "r.source",
      "r.facts",
      "r.discount_amount",
      "r.rolled_back_amount",
      "r.rollbacks_count",
      "r.units_returned",
      "c.identifier",
    ])
    .select(sql<Date>`clock_timestamp()`.as("clock"))
    .where("r.project_id", "=", projectId)
    .where("r.id", "=", id)
    .executeTakeFirst();
  if (redemption === undefined) return undefined;
  const { rows: codes } = await sql<RedeemedCodeRow>`
    select rc.position, rc.voucher_id, rc.code, rc.campaign_id, rc.main_campaign_id, rc.discount_amount,
           rc.items_discount, rc.shipping_discount, rc.items_returned, rc.shipping_returned, rc.rewards,
           v.rules as voucher_rules, v.referrer_id
    from redemption_code rc left join voucher v on v.project_id = rc.project_id and v.id = rc.voucher_id
    where rc.project_id = ${projectId} and rc.redemption_id = ${id} order by rc.position`.execute(db);
  const { rows: ledger } = await sql<{ lines: Line[] }>`
    select l.lines from ledger l where l.project_id = ${projectId} and l.reference_id = ${id} order by l.id`.execute(
    db,
  );
  const { rows: issued } = await sql<IssuedRow>`
    select w.id, w.type, w.campaign_id, w.customer_id, c.identifier as customer_identifier, w.amount, w.voucher_id,
           v.code as voucher_code, v.redemptions_count as voucher_uses, v.status = 'disabled' as voucher_disabled,
           v.balance_amount as voucher_balance,
           case when w.type = 'points' then points_available(w.project_id, w.customer_id, clock_timestamp()) end as points_available
    from issued_reward w
    left join voucher v on v.project_id = w.project_id and v.id = w.voucher_id
    left join customer c on c.project_id = w.project_id and c.id = w.customer_id
    where w.project_id = ${projectId} and w.redemption_id = ${id} and w.status = 'issued' order by w.id`.execute(db);
  const { rows: spent } = await sql<{ points: number }>`
    select coalesce(-sum(e.points), 0)::bigint as points from points_entry e
    where e.project_id = ${projectId} and e.customer_id = ${redemption.customer_id} and e.reference_id = ${id}
      and e.kind in ('spent', 'returned')`.execute(db);
  return {
    ...redemption,
    codes,
    moved: ledger.flatMap(({ lines }) => lines),
    issued,
    points_spent: spent[0]?.points ?? 0,
  };
}
