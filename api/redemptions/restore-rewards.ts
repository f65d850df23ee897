/** What a restored redemption gave besides money off: taken back by its rollback, given again. */
import { type Kysely, sql } from "kysely";
import pg from "pg";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";

interface Restoring {
  readonly projectId: string;
  /** The one that was rolled back. */
  readonly redemptionId: string;
  /** The one that stands in its place. */
  readonly restoredId: string;
  readonly at: Date;
}

export interface RestoredReward {
  readonly id: string;
  readonly type: "points" | "voucher" | "pool_voucher" | "gift_credit";
  readonly campaign_id: string;
  readonly customer_id: string | null;
  readonly identifier: string | null;
  readonly amount: number | null;
  readonly voucher_id: string | null;
}

interface Entry {
  readonly customer_id: string;
  readonly kind: "returned" | "revoked";
  readonly points: number;
  readonly lots: readonly { readonly points: number; readonly expires_at: string | null }[] | null;
}

/** Points that its rollback moved; earlier rollbacks it had none. */
async function movedPoints(tx: Kysely<DB>, projectId: string, redemptionId: string): Promise<Entry[]> {
  const { rows } = await sql<Entry>`
    select e.customer_id, e.kind, e.points, e.lots from points_entry e
    where e.project_id = ${projectId} and e.reference_id = ${redemptionId} and e.kind in ('returned', 'revoked')
    order by e.customer_id, e.points, e.position`.execute(tx);
  return rows;
}

const inLots = (entry: Entry) => (entry.lots ?? []).reduce((sum, lot) => sum + lot.points, 0);

/**
 * Credit of which a part was used, and points that were revoked from others than those earned: how they were before
 * cannot be known.
 */
export async function rewardsInTheWay(
  tx: Kysely<DB>,
  projectId: string,
  redemptionId: string,
): Promise<"points_spent_meanwhile" | "reward_used" | undefined> {
  const entries = await movedPoints(tx, projectId, redemptionId);
  if (entries.some((entry) => entry.kind === "revoked" && inLots(entry) !== -entry.points)) {
    return "points_spent_meanwhile";
  }
  const used = await tx
    .selectFrom("issued_reward")
    .select("id")
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", redemptionId)
    .where("type", "=", "gift_credit")
    .where("status", "=", "kept")
    .executeTakeFirst();
  return used === undefined ? undefined : "reward_used";
}

/** What was revoked is earned again, to expire as before; what was returned is spent again. By account, as always. */
export async function restorePoints(
  tx: Kysely<DB>,
  { projectId, redemptionId, restoredId, at }: Restoring,
): Promise<"points_not_enough" | undefined> {
  const entries = await movedPoints(tx, projectId, redemptionId);
  const moves = entries.flatMap((entry) =>
    entry.kind === "returned"
      ? [{ customer: entry.customer_id, points: -entry.points, kind: "spent", expires: null }]
      : (entry.lots ?? []).map((lot) => ({
          customer: entry.customer_id,
          points: lot.points,
          kind: "earned",
          expires: lot.expires_at,
        })),
  );
  for (const { customer, points, kind, expires } of moves) {
    try {
      await sql`
        select move_points(${projectId}, ${customer}, ${points}, ${kind}, null, ${restoredId}, ${expires}, ${at})
      `.execute(tx);
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === "TS001") return "points_not_enough";
      throw error;
    }
  }
  return undefined;
}

/** @returns those that were taken back and are given again; those that the customer kept only change hands. */
export async function restoreRewards(
  tx: Kysely<DB>,
  { projectId, redemptionId, restoredId, at }: Restoring,
): Promise<RestoredReward[]> {
  const { rows: revoked } = await sql<RestoredReward & { pool_code_id: string | null }>`
    select w.id, w.type, w.campaign_id, w.customer_id, k.identifier, w.amount, w.voucher_id, w.pool_code_id
    from issued_reward w left join customer k on k.project_id = w.project_id and k.id = w.customer_id
    where w.project_id = ${projectId} and w.redemption_id = ${redemptionId} and w.status = 'revoked'
    order by w.id`.execute(tx);
  const given = revoked.map((reward) => ({ ...reward, id: newId("rew") }));
  for (const reward of given) {
    await tx
      .insertInto("issued_reward")
      .values({
        project_id: projectId,
        id: reward.id,
        redemption_id: restoredId,
        campaign_id: reward.campaign_id,
        customer_id: reward.customer_id,
        type: reward.type,
        amount: reward.amount,
        voucher_id: reward.voucher_id,
        pool_code_id: reward.pool_code_id,
        status: "issued",
        created_at: at,
      })
      .execute();
    if (reward.type === "gift_credit" && reward.voucher_id !== null) {
      await sql`select announce_gift_credit(${projectId}, ${reward.voucher_id}, ${reward.amount}, null, ${at})`.execute(
        tx,
      );
    }
  }
  await enableRevoked(tx, projectId, redemptionId);
  await tx
    .updateTable("issued_reward")
    .set({ redemption_id: restoredId, status: "issued" })
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", redemptionId)
    .where("status", "=", "kept")
    .execute();
  await tx
    .updateTable("pool_code")
    .set({ redemption_id: restoredId })
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", redemptionId)
    .execute();
  return given;
}

/** Vouchers that the rollback itself switched off: its ledger says which. They were handed out when they were issued. */
async function enableRevoked(tx: Kysely<DB>, projectId: string, redemptionId: string): Promise<void> {
  await sql`
    update voucher v set status = 'distributed', version = v.version + 1
    from ledger l, jsonb_to_recordset(l.lines) as x(kind text, id text, disable boolean)
    where l.project_id = ${projectId} and l.reference_id = ${redemptionId} and l.kind = 'rollback'
      and x.kind = 'voucher' and x.disable and v.project_id = l.project_id and v.id = x.id
      and v.status = 'disabled' and v.redemptions_count = 0`.execute(tx);
}
