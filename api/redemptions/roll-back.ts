/** Undoes redemptions whole. */
import { type Kysely, sql } from "kysely";
import type { Event } from "../../ingest/events/events.ts";
import { type CodePart, orderPart } from "../../ingest/events/parts.ts";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import { keyReused } from "../http/idempotency.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import type { Source } from "./answer.ts";
import type { Answer } from "./redeem.ts";
import { type Runner, rollBackInDatabase } from "./take.ts";

export interface RollBackRequest {
  readonly projectId: string;
  readonly redemptionId: string;
  readonly reason: string | null;
  /** Null: no replay was asked for. */
  readonly idempotencyKey: string | null;
  readonly requestHash: string;
}

/** @throws Problem not_found, already_rolled_back, idempotency_key_reused. */
export async function rollBack(deps: Deps, request: RollBackRequest): Promise<Answer> {
  const subject = await findRedemption(deps.db, request.projectId, request.redemptionId);
  if (subject === undefined) throw notFound("redemption");
  const argument = rollBackArgument(request.projectId, subject, request.reason, subject.clock);
  const answer = await rollBackInDatabase(deps.pool, {
    ...argument,
    idempotency_key: request.idempotencyKey,
    request_hash: request.requestHash,
  });
  if (answer.outcome === "key_reused") throw keyReused();
  if (answer.outcome === "nothing_left") {
    throw new Problem("already_rolled_back", "Nothing of this redemption is left to roll back.");
  }
  return { status: answer.status, body: answer.body, replayed: answer.outcome === "replayed" };
}

export interface RollBackOrderRequest {
  readonly projectId: string;
  readonly orderId: string;
  /** When the order was cancelled or refunded. */
  readonly at: Date;
  readonly reason: string;
}

/**
 * Rolls back every live redemption of an order, inside the caller's transaction, which holds `lock_order` already.
 * A redemption all of whose campaigns say `on_cancel: "keep"` stays; one with campaigns of both kinds is undone, because
 * it can only be undone whole.
 */
export async function rollBackOrder(tx: Kysely<DB>, request: RollBackOrderRequest): Promise<void> {
  const redemptions = await tx
    .selectFrom("redemption as r")
    .innerJoin("redemption_code as rc", (join) =>
      join.onRef("rc.project_id", "=", "r.project_id").onRef("rc.redemption_id", "=", "r.id"),
    )
    .innerJoin("campaign as c", (join) =>
      join.onRef("c.project_id", "=", "rc.project_id").onRef("c.id", "=", "rc.campaign_id"),
    )
    .select("r.id")
    .where("r.project_id", "=", request.projectId)
    .where("r.order_id", "=", request.orderId)
    .where("r.status", "=", "redeemed")
    .where("c.on_cancel", "=", "rollback")
    .groupBy("r.id")
    .orderBy("r.id")
    .execute();
  await lockCampaigns(
    tx,
    request.projectId,
    redemptions.map(({ id }) => id),
  );
  for (const { id } of redemptions) {
    const subject = await findRedemption(tx, request.projectId, id);
    if (subject === undefined) throw new Error("a redemption of the order vanished inside the transaction");
    const argument = rollBackArgument(request.projectId, subject, request.reason, request.at);
    await rollBackInDatabase(inTransaction(tx), argument);
  }
}

/** All campaigns of several redemptions at once, in the order in which a redemption takes them. */
async function lockCampaigns(tx: Kysely<DB>, projectId: string, redemptionIds: readonly string[]): Promise<void> {
  if (redemptionIds.length < 2) return;
  await sql`
    select from campaign_usage u
    join campaign c on c.project_id = u.project_id and c.id = u.campaign_id
    where u.project_id = ${projectId} and u.campaign_id in (
      select unnest(array[rc.main_campaign_id, rc.campaign_id]) from redemption_code rc
      where rc.project_id = ${projectId} and rc.redemption_id = any(${[...redemptionIds]}::text[]))
    order by c.type = 'sub', u.campaign_id
    for update of u
  `.execute(tx);
}

function inTransaction(tx: Kysely<DB>): Runner {
  return {
    query: async ({ values }) =>
      await sql<
        Awaited<ReturnType<Runner["query"]>>["rows"][number]
      >`select * from roll_back(${values[0]}::jsonb)`.execute(tx),
  };
}

type Subject = NonNullable<Awaited<ReturnType<typeof findRedemption>>>;

async function findRedemption(db: Kysely<DB>, projectId: string, id: string) {
  const redemption = await db
    .selectFrom("redemption as r")
    .leftJoin("customer as c", (join) =>
      join.onRef("c.project_id", "=", "r.project_id").onRef("c.id", "=", "r.customer_id"),
    )
    .select(["r.id", "r.order_id", "r.order_data", "r.discount_amount", "r.source", "c.identifier"])
    .select(sql<Date>`now()`.as("clock"))
    .where("r.project_id", "=", projectId)
    .where("r.id", "=", id)
    .executeTakeFirst();
  if (redemption === undefined) return undefined;
  const codes = await db
    .selectFrom("redemption_code")
    .select(["code", "voucher_id", "campaign_id", "main_campaign_id", "discount_amount"])
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", id)
    .orderBy("position")
    .execute();
  return { ...redemption, codes };
}

function rollBackArgument(projectId: string, subject: Subject, reason: string | null, occurredAt: Date) {
  const id = newId("rol");
  // Stored as it was answered: the event's order is a part of it, and zod drops the rest.
  const order = orderPart.parse(subject.order_data);
  const event: Event = {
    event_id: newId("evt"),
    project_id: projectId,
    type: "redemption.rolled_back",
    version: 1,
    occurred_at: occurredAt.toISOString(),
    payload: {
      rollback_id: id,
      redemption_id: subject.id,
      customer: subject.identifier,
      order,
      codes: subject.codes.map((code): CodePart => ({ ...code, reasons: [] })),
      source: subject.source as Source,
      reason,
    },
  };
  return {
    project_id: projectId,
    redemption_id: subject.id,
    order_id: subject.order_id,
    rollback: { id, reason },
    occurred_at: occurredAt.toISOString(),
    decided_at: subject.clock.toISOString(),
    events: [event],
    response: JSON.stringify({
      id,
      redemption_id: subject.id,
      discount_amount: subject.discount_amount,
      reason,
      created_at: subject.clock.toISOString(),
    }),
  };
}
