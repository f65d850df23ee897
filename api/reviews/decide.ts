/** The decision of a reviewer: the label, and what follows from it. */
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import { Problem } from "../http/problem.ts";
import { type Actor, signedTransaction } from "./actor.ts";
import { clock, nobody, refuseDecided, refuseLocked } from "./assign.ts";
import { beginClawBack } from "./claw-back/begin.ts";
import { findClawBack } from "./claw-back/read.ts";
import { type Accounts, noAccounts, readAccounts } from "./claw-back/targets.ts";
import { workSmallClawBack } from "./claw-back/work.ts";
import { holdHours } from "./priority.ts";
import { readOne } from "./read-one.ts";
import { announce, announceDecision, isLastEntry, lockReview, nameOfKey, note, type ReviewRow } from "./rows.ts";
import type { DecisionInput, ReviewWire } from "./schemas.ts";
import { settle, settleAgainMs } from "./settle.ts";

/**
 * `confirm`: it is abuse. `dismiss`: it is not. `hold`: not yet; it is due later. Only who has it may, or anybody while
 * nobody has it. The same decision by the same reviewer again changes nothing.
 *
 * A confirmed hold is cancelled, a dismissed one redeemed; what a confirmation takes back besides is in `claw_back`: a
 * large one goes on in the background.
 *
 * @throws Problem not_found, review_locked, review_decided, preview_changed, conflict.
 */
export async function decideReview(
  deps: Deps,
  projectId: string,
  actor: Actor,
  id: string,
  input: DecisionInput,
): Promise<ReviewWire> {
  await decideOnly(deps, projectId, actor, id, input);
  return readOne(deps, projectId, id);
}

/** As `decideReview`. @returns the status that it has. */
export async function decideOnly(
  deps: Deps,
  projectId: string,
  actor: Actor,
  id: string,
  input: DecisionInput,
): Promise<ReviewRow["status"]> {
  // The warehouse is asked before anything is locked.
  const linked = input.claw_back === "cluster" ? await readAccounts(deps, projectId, id) : noAccounts;
  const decided = await signedTransaction(deps.pool, actor, async ({ tx }) => {
    const before = await lockReview(tx, projectId, id);
    const now = await clock(tx);
    if (await isTheSame(tx, before, { actor, input, now })) return before;
    refuseDecided(before);
    refuseLocked(before, actor, now);
    if (input.decision === "hold") return hold(tx, before, actor, input, now);
    return decide(tx, before, { actor, input, now, linked });
  });
  await followUp(deps, decided);
  return decided.status;
}

/** What the decision has set going, as far as it is quick; workers do the rest. */
async function followUp(deps: Deps, review: ReviewRow): Promise<void> {
  try {
    if (review.settle_after !== null) await settle(deps, review);
    if (review.claw_back_id !== null) await workSmallClawBack(deps, review.project_id, review.claw_back_id);
  } catch (error) {
    // The decision stands, and what follows from it is written down.
    deps.log.warn({ err: error, review_id: review.id }, "what follows from a decision waits for a worker");
  }
}

/**
 * To hold what one has just held, with the same words, holds it once; when anything happened since, or it is due, it is a
 * new decision. A confirmation is the same with the same scope: who asks for the cluster after one alone was taken back
 * must not hear that it is done.
 */
async function isTheSame(
  tx: Transaction<DB>,
  row: ReviewRow,
  { actor, input, now }: { readonly actor: Actor; readonly input: DecisionInput; readonly now: Date },
): Promise<boolean> {
  if (input.decision === "hold") {
    if (row.status !== "held" || row.due_at <= now) return false;
    return isLastEntry(tx, row, { kind: "held", by: actor.keyId, note: input.note ?? null });
  }
  const status = input.decision === "confirm" ? "confirmed" : "dismissed";
  if (row.status !== status || row.decided_by !== actor.keyId) return false;
  if (row.claw_back_id === null) return input.claw_back === "none";
  return (await findClawBack(tx, row.project_id, row.claw_back_id))?.scope === input.claw_back;
}

async function hold(
  tx: Transaction<DB>,
  before: ReviewRow,
  actor: Actor,
  input: DecisionInput,
  now: Date,
): Promise<ReviewRow> {
  if (before.status === "closed") {
    throw new Problem("conflict", "The review is closed: there is nothing to hold back. Confirm or dismiss it.");
  }
  const reviewer = await nameOfKey(tx, actor.keyId);
  const later = new Date(now.getTime() + holdHours * 3_600_000);
  const row = await tx
    .updateTable("review")
    .set({
      status: "held",
      // What is held for it does not wait longer for that.
      due_at: before.expires_at !== null && before.expires_at < later ? before.expires_at : later,
      ...nobody,
      updated_at: now,
    })
    .where("project_id", "=", before.project_id)
    .where("id", "=", before.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await note(tx, row, { kind: "held", by: reviewer, note: input.note ?? null, at: now });
  await announce(tx, row, "review.held", reviewer, now);
  return row;
}

interface Deciding {
  readonly actor: Actor;
  readonly input: DecisionInput;
  readonly now: Date;
  readonly linked: Accounts;
}

async function decide(tx: Transaction<DB>, before: ReviewRow, deciding: Deciding): Promise<ReviewRow> {
  const { actor, input, now, linked } = deciding;
  const reviewer = await nameOfKey(tx, actor.keyId);
  const status = input.decision === "confirm" ? ("confirmed" as const) : ("dismissed" as const);
  const workingSeconds =
    before.assigned_to === actor.keyId && before.assigned_at !== null
      ? Math.max(0, (now.getTime() - before.assigned_at.getTime()) / 1_000)
      : 0;
  const holds = before.subject_kind === "reservation" && before.closed_because === null;
  const row = await tx
    .updateTable("review")
    .set({
      status,
      closed_because: null,
      decided_at: now,
      decided_by: reviewer.id,
      decided_name: reviewer.name,
      working_seconds: workingSeconds,
      note: input.note ?? null,
      settle_after: holds ? new Date(now.getTime() + settleAgainMs) : null,
      ...nobody,
      updated_at: now,
    })
    .where("project_id", "=", before.project_id)
    .where("id", "=", before.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const data = { claw_back: input.claw_back };
  await note(tx, row, { kind: status, by: reviewer, note: input.note ?? null, data, at: now });
  const overdue = before.status !== "closed" && before.due_at <= now;
  const told = { decision: status, claw_back: input.claw_back, working_seconds: workingSeconds, overdue };
  await announceDecision(tx, row, reviewer, told, now);
  if (input.claw_back === "none") return row;
  const clawBackId = await beginClawBack(tx, row, {
    scope: input.claw_back,
    linked,
    digest: input.preview_digest,
    actor,
    reviewer,
    now,
  });
  return { ...row, claw_back_id: clawBackId };
}
