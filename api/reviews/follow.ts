/** What happens to the subject of a review that nobody has decided. */
import type { Kysely } from "kysely";
import type { RiskPart } from "../../ingest/events/parts.ts";
import type { DB } from "../db/tables.ts";
import { priorityOf } from "./priority.ts";
import { announceClosing, note, type ReviewRow, standingOf } from "./rows.ts";

/** Reads what stands now, so that any number of events about it, in any order, come to the same. */
export async function followRollback(tx: Kysely<DB>, projectId: string, redemptionId: string): Promise<void> {
  const review = await findByRedemption(tx, projectId, redemptionId);
  if (review === undefined || !isUndecided(review)) return;
  const standing = await standingOf(tx, projectId, redemptionId);
  if (standing === undefined) return;
  if (standing.isWhollyBack) return close(tx, review, "rolled_back");
  if (standing.amount === review.amount_at_risk) return;
  const now = new Date();
  await update(tx, review, {
    amount_at_risk: standing.amount,
    priority: priorityOf(review.score, standing.amount),
    updated_at: now,
  });
  const data = { before: review.amount_at_risk, amount_at_risk: standing.amount };
  await note(tx, review, { kind: "amount_changed", by: null, data, at: now });
}

export async function close(tx: Kysely<DB>, review: ReviewRow, because: NonNullable<ReviewRow["closed_because"]>) {
  const now = new Date();
  const row = await update(tx, review, {
    status: "closed",
    closed_because: because,
    locked_until: null,
    assigned_to: null,
    assigned_name: null,
    assigned_at: null,
    updated_at: now,
  });
  await note(tx, row, { kind: "closed", by: null, data: { because }, at: now });
  await announceClosing(tx, row, because, now);
}

export async function rescore(tx: Kysely<DB>, review: ReviewRow, risk: RiskPart): Promise<void> {
  if (review.score !== null && (risk.score === null || risk.score <= review.score)) return;
  const now = new Date();
  const row = await update(tx, review, {
    score: risk.score,
    action: risk.action,
    model: risk.model,
    reasons: JSON.stringify(risk.reasons ?? []),
    rules: [...(risk.rules ?? [])],
    priority: priorityOf(risk.score, review.amount_at_risk),
    updated_at: now,
  });
  await note(tx, row, { kind: "rescored", by: null, data: { before: review.score, score: risk.score }, at: now });
}

async function update(tx: Kysely<DB>, review: ReviewRow, change: object): Promise<ReviewRow> {
  return tx
    .updateTable("review")
    .set(change)
    .where("project_id", "=", review.project_id)
    .where("id", "=", review.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export function isUndecided(review: ReviewRow): boolean {
  return review.status === "open" || review.status === "held";
}

/** Locked: a decision that is being made is waited for. */
export function findByRedemption(
  tx: Kysely<DB>,
  projectId: string,
  redemptionId: string,
): Promise<ReviewRow | undefined> {
  return tx
    .selectFrom("review")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", redemptionId)
    .forUpdate()
    .executeTakeFirst();
}
