/** The end of a claw-back and of its undoing: what is said of it, and what becomes of its reviews. */
import type { Selectable, Transaction } from "kysely";
import { appendEvents } from "../../../ingest/outbox.ts";
import type { DB } from "../../db/tables.ts";
import { newId } from "../../ids.ts";
import { dueAt, priorityOf } from "../priority.ts";
import { announce, announceDecision, note, type Reviewer, type ReviewRow, standingOf } from "../rows.ts";
import { totalsOf } from "./amounts.ts";

export type ClawBackRow = Selectable<DB["claw_back"]>;

/** A review whose redemption was taken back through another one: whoever confirmed that has confirmed this. */
export async function confirmAlong(
  tx: Transaction<DB>,
  clawBack: ClawBackRow,
  redemptionId: string,
  at: Date,
): Promise<void> {
  const reviewer: Reviewer = { id: clawBack.created_by, name: clawBack.created_name };
  const before = await tx
    .selectFrom("review")
    .selectAll()
    .where("project_id", "=", clawBack.project_id)
    .where("redemption_id", "=", redemptionId)
    .where("id", "<>", clawBack.review_id)
    .where("status", "in", ["open", "held", "closed"])
    .forUpdate()
    .executeTakeFirst();
  if (before === undefined) return;
  const row = await tx
    .updateTable("review")
    .set({
      status: "confirmed",
      closed_because: null,
      decided_at: at,
      decided_by: reviewer.id,
      decided_name: reviewer.name,
      working_seconds: 0,
      claw_back_id: clawBack.id,
      assigned_to: null,
      assigned_name: null,
      assigned_at: null,
      locked_until: null,
      updated_at: at,
    })
    .where("project_id", "=", before.project_id)
    .where("id", "=", before.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const data = { claw_back_id: clawBack.id, through: clawBack.review_id };
  await note(tx, row, { kind: "confirmed", by: reviewer, data, at });
  const overdue = before.status !== "closed" && before.due_at <= at;
  const told = { decision: "confirmed", claw_back: clawBack.scope, working_seconds: 0, overdue } as const;
  await announceDecision(tx, row, reviewer, told, at);
}

export async function finishTaking(tx: Transaction<DB>, clawBack: ClawBackRow, at: Date): Promise<void> {
  const reviewer = { id: clawBack.created_by, name: clawBack.created_name };
  await tx
    .updateTable("claw_back")
    .set({ status: "done", done_at: at, error: null })
    .where("project_id", "=", clawBack.project_id)
    .where("id", "=", clawBack.id)
    .execute();
  await tell(tx, clawBack, { type: "claw_back.done", column: "outcome", reviewer, at });
}

export async function finishUndoing(tx: Transaction<DB>, clawBack: ClawBackRow, at: Date): Promise<void> {
  const reviewer = { id: clawBack.undone_by ?? "", name: clawBack.undone_name };
  await tx
    .updateTable("claw_back")
    .set({ status: "undone", undone_at: at, error: null })
    .where("project_id", "=", clawBack.project_id)
    .where("id", "=", clawBack.id)
    .execute();
  await tell(tx, clawBack, { type: "claw_back.undone", column: "undo", reviewer, at });
  const reviews = await tx
    .selectFrom("review")
    .selectAll()
    .where("project_id", "=", clawBack.project_id)
    .where("claw_back_id", "=", clawBack.id)
    .orderBy("id")
    .forUpdate()
    .execute();
  for (const review of reviews) await reopen(tx, review, reviewer, at);
}

interface Ending {
  readonly type: "claw_back.done" | "claw_back.undone";
  readonly column: "outcome" | "undo";
  readonly reviewer: Reviewer;
  readonly at: Date;
}

async function tell(tx: Transaction<DB>, clawBack: ClawBackRow, { type, column, reviewer, at }: Ending): Promise<void> {
  const { project_id: projectId, id } = clawBack;
  const steps = await tx
    .selectFrom("claw_back_step")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("claw_back_id", "=", id)
    .execute();
  // What another one did and passed on has been told of that one.
  const done = steps.filter((step) => step[column] === "done" && (column === "undo" || step.held_by === null));
  const count = (kind: string) => done.filter((step) => step.kind === kind).length;
  const figures = {
    redemptions: count("redemption"),
    vouchers: count("voucher"),
    customers: count("customer"),
    failed: steps.filter((step) => step[column] === "failed").length,
    amounts: totalsOf(done),
  };
  const review = await tx
    .selectFrom("review")
    .select(["project_id", "id", "customer"])
    .where("project_id", "=", projectId)
    .where("id", "=", clawBack.review_id)
    .executeTakeFirstOrThrow();
  const kind = type === "claw_back.done" ? "claw_back_done" : "claw_back_undone";
  await note(tx, review, { kind, by: reviewer, data: { claw_back_id: id, ...figures }, at });
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type,
      version: 1,
      occurred_at: at.toISOString(),
      payload: {
        claw_back_id: id,
        review_id: review.id,
        customer: review.customer,
        scope: clawBack.scope,
        reviewer,
        ...figures,
        ...(type === "claw_back.undone" ? { passed_on: passedOn(steps) } : {}),
      },
    },
  ]);
}

/** What stays taken for other claw-backs is theirs from now on. */
function passedOn(steps: readonly Selectable<DB["claw_back_step"]>[]) {
  const kept = steps.filter((step) => step.outcome === "done" && step.undo === "kept");
  const holders = new Set(kept.flatMap((step) => step.held_by ?? []));
  return [...holders].flatMap((holder) =>
    totalsOf(kept.filter((step) => step.held_by === holder)).map((part) => ({ claw_back_id: holder, ...part })),
  );
}

/** Its decision is taken back with it, and so is the label. What could not be restored is over. */
async function reopen(tx: Transaction<DB>, review: ReviewRow, reviewer: Reviewer, at: Date): Promise<void> {
  const standing =
    review.redemption_id === null ? undefined : await standingOf(tx, review.project_id, review.redemption_id);
  const amount = standing?.amount ?? review.amount_at_risk;
  const priority = priorityOf(review.score, amount);
  const over = standing?.isWhollyBack === true ? ("rolled_back" as const) : await endOfHold(tx, review);
  const row = await tx
    .updateTable("review")
    .set({
      status: over === null ? "open" : "closed",
      closed_because: over,
      decided_at: null,
      decided_by: null,
      decided_name: null,
      working_seconds: null,
      note: null,
      // A hold that nobody has settled yet waits for the next decision.
      settle_after: null,
      claw_back_id: null,
      amount_at_risk: amount,
      priority,
      due_at: dueAt(priority, at, null),
      updated_at: at,
    })
    .where("project_id", "=", review.project_id)
    .where("id", "=", review.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await note(tx, row, { kind: "reopened", by: reviewer, at });
  await announce(tx, row, "review.reopened", reviewer, at);
}

/** How a reservation ended without a redemption; null while it holds, once it is redeemed, and of other subjects. */
async function endOfHold(tx: Transaction<DB>, review: ReviewRow): Promise<ReviewRow["closed_because"]> {
  if (review.subject_kind !== "reservation") return null;
  const reservation = await tx
    .selectFrom("reservation")
    .select("status")
    .where("project_id", "=", review.project_id)
    .where("id", "=", review.subject_id)
    .executeTakeFirst();
  if (reservation?.status === "held" || reservation?.status === "confirmed") return null;
  return reservation?.status === "expired" ? "reservation_expired" : "reservation_cancelled";
}
