/** Undoes redemptions, whole or in part. */
import type { Kysely } from "kysely";
import type pg from "pg";
import type { Event } from "../../ingest/events/events.ts";
import { type CodePart, orderPart } from "../../ingest/events/parts.ts";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import type { Decision } from "../domain/decision.ts";
import {
  planRollback,
  type Redeemed,
  type RollbackPlan,
  type RollbackRefusal,
  type RollbackRequest,
} from "../domain/rollback.ts";
import { keyReused } from "../http/idempotency.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import type { Source } from "./answer.ts";
import { inTransaction } from "./in-transaction.ts";
import { keepRefusal } from "./keep-refusal.ts";
import type { Answer } from "./redeem.ts";
import { findSubject, type Subject } from "./redemption-subject.ts";
import { type Definitions, definitionsOfThen, paysByGiftCard, restDecider, signalsOfThen } from "./rest.ts";
import { type Movement, movementOf, type Planned } from "./roll-back-plan.ts";
import { type FunctionAnswer, rollBackInDatabase } from "./take.ts";

export interface RollBackRequest {
  readonly projectId: string;
  readonly redemptionId: string;
  readonly what: RollbackRequest;
  readonly reason: string | null;
  /** Null: no replay was asked for. */
  readonly idempotencyKey: string | null;
  readonly requestHash: string;
  /** Names this occurrence in a problem document. */
  readonly requestId: string;
}

/** Each round follows a change that somebody else committed: another rollback, or a reward that was just used. */
const roundsMax = 10;

/**
 * @returns 201 with the rollback, or what the same key was answered before.
 * @throws Problem not_found, invalid_request, idempotency_key_reused; without a key also what it is refused for:
 * already_rolled_back, rollback_exceeds_rest.
 */
export async function rollBack(deps: Deps, request: RollBackRequest): Promise<Answer> {
  const { idempotencyKey } = request;
  try {
    return await inRounds(deps, request);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 409) || idempotencyKey === null) throw error;
    return keepRefusal(deps.pool, { ...request, idempotencyKey }, error);
  }
}

async function inRounds(deps: Deps, request: RollBackRequest): Promise<Answer> {
  for (let round = 0; round < roundsMax; round++) {
    const subject = await findSubject(deps.db, request.projectId, request.redemptionId);
    if (subject === undefined) throw notFound("redemption");
    const replay = await replayed(deps.pool, request);
    if (replay !== undefined) return replay;
    const planned = await planOf(deps.pool, request.projectId, subject, request.what);
    const answer = await rollBackInDatabase(deps.pool, {
      ...rollBackArgument(request.projectId, subject, planned, request.reason, subject.clock),
      idempotency_key: request.idempotencyKey,
      request_hash: request.requestHash,
    });
    if (answer.outcome === "key_reused") throw keyReused();
    if (answer.outcome !== "retry") {
      return { status: answer.status, body: answer.body, replayed: answer.outcome === "replayed" };
    }
  }
  throw new Problem("busy", "The redemption changed too often meanwhile.", { headers: { "retry-after": "1" } });
}

/** What the key was answered before: a retry of the last rollback must not be told that nothing is left. */
async function replayed(pool: pg.Pool, request: RollBackRequest): Promise<Answer | undefined> {
  if (request.idempotencyKey === null) return undefined;
  const { rows } = await pool.query<{ same: boolean; status: number; body: string }>(
    `select request_hash = decode($3, 'hex') as same, response_status as status, response_body as body
     from idempotency_key where project_id = $1 and key = $2`,
    [request.projectId, request.idempotencyKey, request.requestHash],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  if (!row.same) throw keyReused();
  return { status: row.status, body: row.body, replayed: true };
}

async function planOf(pool: pg.Pool, projectId: string, subject: Subject, what: RollbackRequest): Promise<Planned> {
  if (subject.status === "rolled_back") throw nothingLeft();
  const definitions = what.kind === "items" ? await definitionsOfThen(pool, projectId, subject) : new Map();
  const redeemed = redeemedOf(subject, definitions);
  const decider = restDecider(subject, definitions);
  let rest: Decision | null = null;
  const asking = (quantities: readonly number[]) => {
    rest = (decider as NonNullable<typeof decider>)(quantities);
    return rest;
  };
  const plan = planRollback(redeemed, what, decider === null ? null : asking);
  if (plan.outcome !== "planned") throw refusal(plan, what, redeemed.quantities.length);
  return { plan, redeemed, rest };
}

function redeemedOf(subject: Subject, definitions: Definitions): Redeemed {
  const order = orderPart.parse(subject.order_data);
  return {
    quantities: order.items.map((item) => item.quantity),
    unitsReturned: subject.units_returned,
    codes: subject.codes.map((code) => ({
      voucherId: code.voucher_id,
      campaignId: code.campaign_id,
      onRollback: definitions.get(code.campaign_id)?.onRollback ?? "keep",
      isGiftCard: paysByGiftCard(code),
      itemsDiscount: code.items_discount,
      shippingDiscount: code.shipping_discount,
      itemsReturned: code.items_returned,
      shippingReturned: code.shipping_returned,
    })),
  };
}

function nothingLeft(): Problem {
  return new Problem("already_rolled_back", "Nothing of this redemption is left to roll back.");
}

function refusal(refused: RollbackRefusal, what: RollbackRequest, lines: number): Problem {
  if (refused.outcome === "nothing_left") return nothingLeft();
  if (refused.outcome === "no_such_line") {
    return invalid(`/items/${refused.at}/index`, `The order has ${lines} lines, counted from 0.`);
  }
  const isAmount = what.kind === "amount";
  const unit = isAmount ? "minor units of discount" : "units of this line";
  const detail = `Only ${refused.left} ${unit} are left to roll back.`;
  const pointer = isAmount ? "/amount" : `/items/${refused.at}/quantity`;
  return new Problem("rollback_exceeds_rest", detail, { errors: [{ pointer, detail }] });
}

export interface RollBackOrderRequest {
  readonly projectId: string;
  readonly orderId: string;
  /** When the order was cancelled or refunded. */
  readonly at: Date;
  readonly reason: string;
}

/**
 * Rolls back what is left of every redemption of an order, inside the caller's transaction, which holds
 * `lock_all_of_order` already. A redemption all of whose campaigns say `on_cancel: "keep"` stays; one with campaigns of both kinds is undone,
 * because its codes were taken together.
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
  for (const { id } of redemptions) await rollBackWhole(tx, request, id);
}

/**
 * Rolls back what is left of one redemption, inside the caller's transaction.
 *
 * @returns the rollback; undefined where nothing was left.
 */
export async function rollBackWhole(
  tx: Kysely<DB>,
  request: Omit<RollBackOrderRequest, "orderId">,
  id: string,
): Promise<{ readonly id: string; readonly discountAmount: number; readonly currency: string } | undefined> {
  for (let round = 0; round < roundsMax; round++) {
    const subject = await findSubject(tx, request.projectId, id);
    if (subject === undefined) throw new Error("a redemption vanished");
    if (subject.status === "rolled_back") return undefined;
    const redeemed = redeemedOf(subject, new Map());
    const plan = planRollback(redeemed, { kind: "whole" }, null);
    if (plan.outcome !== "planned") return undefined;
    const planned = { plan, redeemed, rest: null };
    const argument = rollBackArgument(request.projectId, subject, planned, request.reason, request.at);
    const answer: FunctionAnswer = await rollBackInDatabase(inTransaction(tx), argument);
    if (answer.outcome !== "retry") {
      const { currency } = orderPart.parse(subject.order_data);
      return { id: argument.rollback.id, discountAmount: argument.discount_amount, currency };
    }
  }
  throw new Problem("busy", "A redemption changed too often meanwhile.", { headers: { "retry-after": "1" } });
}

function rollBackArgument(
  projectId: string,
  subject: Subject,
  planned: Planned,
  reason: string | null,
  occurredAt: Date,
) {
  const { plan } = planned;
  const id = newId("rol");
  const movement = movementOf(subject, planned);
  const decidedAt = subject.clock.toISOString();
  const perLine = plan.unitsReturned.map((_, line) =>
    plan.codes.reduce((sum, code) => sum + (code.items[line] ?? 0), 0),
  );
  const items = plan.unitsReturned.flatMap((returned, index) => {
    const quantity = returned - (subject.units_returned[index] ?? 0);
    const discount_amount = perLine[index] ?? 0;
    return quantity > 0 || discount_amount > 0 ? [{ index, quantity, discount_amount }] : [];
  });
  const response = {
    id,
    redemption_id: subject.id,
    discount_amount: plan.discountAmount,
    remaining_discount_amount: subject.discount_amount - subject.rolled_back_amount - plan.discountAmount,
    whole: plan.whole,
    items,
    points_returned: movement.pointsReturned,
    revoked: movement.revoked.map(({ reward, recovered }) => ({ reward_id: reward.id, type: reward.type, recovered })),
    reason,
    created_at: decidedAt,
  };
  return {
    project_id: projectId,
    redemption_id: subject.id,
    order_id: subject.order_id,
    status: 201,
    rollbacks_seen: subject.rollbacks_count,
    whole: plan.whole,
    discount_amount: plan.discountAmount,
    lines: movement.lines,
    points: movement.points,
    credits: movement.credits,
    rewards: movement.revoked.map(({ reward, recovered, amount }) => ({
      id: reward.id,
      status: amount !== undefined ? "issued" : recovered ? "revoked" : "kept",
      amount: amount ?? reward.amount,
    })),
    codes: subject.codes.map((code, at) => ({
      position: code.position,
      items_returned: code.items_discount.map(
        (_, line) => (code.items_returned[line] ?? 0) + (plan.codes[at]?.items[line] ?? 0),
      ),
      shipping_returned: code.shipping_returned + (plan.codes[at]?.shipping ?? 0),
    })),
    units_returned: plan.unitsReturned,
    rollback: { id, reason, items, codes: plan.codes },
    occurred_at: occurredAt.toISOString(),
    decided_at: decidedAt,
    events: [
      rolledBackEvent(projectId, subject, plan, { id, reason, perLine, at: occurredAt.toISOString() }),
      ...revokedEvents(projectId, subject, movement, occurredAt.toISOString()),
    ],
    response: JSON.stringify(response),
  };
}

interface Told {
  readonly id: string;
  readonly reason: string | null;
  /** Discount that goes back, a line each. */
  readonly perLine: readonly number[];
  readonly at: string;
}

function rolledBackEvent(projectId: string, subject: Subject, plan: RollbackPlan, told: Told): Event {
  // Stored as it was answered: the event's order is a part of it, and zod drops the rest.
  const order = orderPart.parse(subject.order_data);
  const signals = signalsOfThen(subject);
  return {
    event_id: newId("evt"),
    project_id: projectId,
    type: "redemption.rolled_back",
    version: 1,
    occurred_at: told.at,
    payload: {
      rollback_id: told.id,
      redemption_id: subject.id,
      customer: subject.identifier,
      ...(signals === undefined ? {} : { signals }),
      order: {
        ...order,
        discount_amount: plan.discountAmount,
        items: order.items.map((item, line) => ({ ...item, discount_amount: told.perLine[line] ?? 0 })),
      },
      codes: subject.codes.map(
        (code, at): CodePart => ({
          code: code.code,
          voucher_id: code.voucher_id,
          campaign_id: code.campaign_id,
          main_campaign_id: code.main_campaign_id,
          discount_amount: plan.codes[at]?.amount ?? 0,
          reasons: [],
        }),
      ),
      source: subject.source as Source,
      reason: told.reason,
      whole: plan.whole,
    },
  };
}

function revokedEvents(projectId: string, subject: Subject, movement: Movement, at: string): Event[] {
  return movement.revoked
    .filter(({ recovered, amount }) => recovered && amount === undefined)
    .map(({ reward }) => ({
      event_id: newId("evt"),
      project_id: projectId,
      type: "reward.revoked",
      version: 1,
      occurred_at: at,
      payload: {
        reward_id: reward.id,
        redemption_id: subject.id,
        campaign_id: reward.campaign_id,
        customer: reward.customer_identifier,
        reward_type: reward.type,
        amount: reward.amount,
        voucher_id: reward.voucher_id,
      },
    }));
}
