/**
 * Takes back the rollback of a whole redemption: what it gave back is taken again, to the same counters, accounts and
 * rewards, if and only if there is room for it today. The redemption stands again under a new id; the old one stays
 * rolled back, because that is what happened and what was announced.
 */
import { type Kysely, type Selectable, sql } from "kysely";
import pg from "pg";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { Line } from "./lines.ts";
import { issuedAgain, succeededAgain } from "./restore-events.ts";
import { linesOfRestored } from "./restore-lines.ts";
import { restorePoints, restoreRewards, rewardsInTheWay } from "./restore-rewards.ts";

export interface RestoreRequest {
  readonly projectId: string;
  readonly redemptionId: string;
  /** The one to take back; it must have left nothing, and be the only one. */
  readonly rollbackId: string;
  readonly at: Date;
}

/** Why it cannot stand again exactly as it was. */
type WhyNot =
  | "not_rolled_back"
  | "partly_rolled_back_before"
  | "order_over"
  | "order_already_redeemed"
  | "campaign_limit_reached"
  | "period_limit_reached"
  | "voucher_limit_reached"
  | "customer_limit_reached"
  | "points_not_enough"
  | "points_spent_meanwhile"
  | "reward_used";

export type Restored =
  | { readonly outcome: "restored"; readonly redemptionId: string }
  | { readonly outcome: "refused"; readonly reason: WhyNot };

type RedemptionRow = Selectable<DB["redemption"]>;

/** Inside the caller's transaction, which stays usable when it is refused. */
export async function restoreRedemption(tx: Kysely<DB>, request: RestoreRequest): Promise<Restored> {
  const { projectId, redemptionId } = request;
  const found = await find(tx, projectId, redemptionId);
  if (found === undefined) return refused("not_rolled_back");
  await sql`select lock_order(${projectId}, ${found.order_id})`.execute(tx);
  // What it is under the lock.
  const row = (await find(tx, projectId, redemptionId)) ?? found;
  const whyNot = (await obstacleOf(tx, row, request)) ?? (await rewardsInTheWay(tx, projectId, redemptionId));
  if (whyNot !== undefined) return refused(whyNot);
  await sql`savepoint restore`.execute(tx);
  try {
    const restored = await restore(tx, row, request);
    await sql`release savepoint restore`.execute(tx);
    return { outcome: "restored", redemptionId: restored };
  } catch (error) {
    if (!(error instanceof NoRoom)) throw error;
    await sql`rollback to savepoint restore`.execute(tx);
    return refused(error.reason);
  }
}

function refused(reason: WhyNot): Restored {
  return { outcome: "refused", reason };
}

class NoRoom extends Error {
  readonly reason: WhyNot;

  constructor(reason: WhyNot) {
    super(reason);
    this.reason = reason;
  }
}

function find(tx: Kysely<DB>, projectId: string, id: string): Promise<RedemptionRow | undefined> {
  return tx
    .selectFrom("redemption")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

async function obstacleOf(tx: Kysely<DB>, row: RedemptionRow, request: RestoreRequest): Promise<WhyNot | undefined> {
  const { projectId, redemptionId } = request;
  if (row.status !== "rolled_back") return "not_rolled_back";
  const rollbacks = await tx
    .selectFrom("redemption_rollback")
    .select(["id", "whole"])
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", redemptionId)
    .execute();
  if (!rollbacks.some((one) => one.id === request.rollbackId && one.whole)) return "not_rolled_back";
  // What was given back earlier would have to be told apart, line by line, from what this one gave back.
  if (rollbacks.length > 1) return "partly_rolled_back_before";
  const order = await tx
    .selectFrom("orders")
    .select("status")
    .where("project_id", "=", projectId)
    .where("id", "=", row.order_id)
    .executeTakeFirst();
  if (order?.status === "cancelled" || order?.status === "refunded") return "order_over";
  const { rows: again } = await sql`
    select from redemption_code mine
    join redemption_code other on other.project_id = mine.project_id and other.order_id = mine.order_id and other.live
      and other.redemption_id <> mine.redemption_id and other.campaign_id = mine.campaign_id
      and other.voucher_id is not distinct from mine.voucher_id
    where mine.project_id = ${projectId} and mine.redemption_id = ${redemptionId}`.execute(tx);
  return again.length > 0 ? "order_already_redeemed" : undefined;
}

async function restore(tx: Kysely<DB>, row: RedemptionRow, request: RestoreRequest): Promise<string> {
  const { projectId, redemptionId, at } = request;
  const id = newId("red");
  const lines = await linesOfRestored(tx, projectId, redemptionId, await rolledBackLines(tx, request));
  for (const line of lines) await take(tx, projectId, line);
  const points = await restorePoints(tx, { projectId, redemptionId, restoredId: id, at });
  if (points !== undefined) throw new NoRoom(points);
  await insertAgain(tx, row, id, at);
  const rewards = await restoreRewards(tx, { projectId, redemptionId, restoredId: id, at });
  await tx
    .insertInto("ledger")
    .values({
      project_id: projectId,
      kind: "redeem",
      movement_id: id,
      reference_id: id,
      order_id: row.order_id,
      discount_amount: row.discount_amount,
      // With their maxima, as of any redemption: a period keeps those when this one is taken back and restored again.
      lines: JSON.stringify(lines),
      occurred_at: at,
      created_at: at,
    })
    .execute();
  await appendEvents(tx, [
    await succeededAgain(tx, row, id, at),
    ...rewards.map((one) => issuedAgain(row, id, one, at)),
  ]);
  return id;
}

async function rolledBackLines(tx: Kysely<DB>, { projectId, redemptionId, rollbackId }: RestoreRequest) {
  const { rows } = await sql<{ lines: Line[] }>`
    select l.lines from ledger l
    where l.project_id = ${projectId} and l.reference_id = ${redemptionId} and l.kind = 'rollback'
      and l.movement_id = ${rollbackId}`.execute(tx);
  const [movement] = rows;
  if (movement === undefined) throw new Error("a rollback is not in the ledger");
  return movement.lines;
}

const noRoom: Record<Line["kind"], WhyNot> = {
  campaign: "campaign_limit_reached",
  period: "period_limit_reached",
  voucher: "voucher_limit_reached",
  customer: "customer_limit_reached",
};

/** One by one, so that the counter without room can be named. */
async function take(tx: Kysely<DB>, projectId: string, line: Line): Promise<void> {
  try {
    await sql`select move(${projectId}, ${JSON.stringify([line])}::jsonb)`.execute(tx);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === "TS001")) throw error;
    throw new NoRoom(noRoom[line.kind]);
  }
}

async function insertAgain(tx: Kysely<DB>, row: RedemptionRow, id: string, at: Date): Promise<void> {
  const instant = at.toISOString();
  const told = JSON.stringify({
    id,
    status: "redeemed",
    rolled_back_amount: 0,
    occurred_at: instant,
    created_at: instant,
  });
  await sql`
    insert into redemption (project_id, id, order_id, customer_id, status, currency, amount, discount_amount, order_data,
                            source, risk, trace, facts, response, occurred_at, created_at)
    select project_id, ${id}, order_id, customer_id, 'redeemed', currency, amount, discount_amount, order_data,
           source, risk, trace, facts, response || ${told}::jsonb, ${at}, ${at}
    from redemption where project_id = ${row.project_id} and id = ${row.id}`.execute(tx);
  await sql`
    insert into redemption_code (project_id, redemption_id, position, order_id, voucher_id, code, campaign_id,
                                 main_campaign_id, customer_id, discount_amount, items_discount, shipping_discount, rewards)
    select project_id, ${id}, position, order_id, voucher_id, code, campaign_id,
           main_campaign_id, customer_id, discount_amount, items_discount, shipping_discount, rewards
    from redemption_code where project_id = ${row.project_id} and redemption_id = ${row.id}`.execute(tx);
}
