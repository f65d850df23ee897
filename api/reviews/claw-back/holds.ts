/**
 * Several claw-backs may want the same customer blocked, the same code disabled, the same redemption rolled back. One does
 * it, the others hold it, and whoever is undone first passes it on: it ends with the last.
 */
import { type Expression, type Kysely, type RawBuilder, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../../db/tables.ts";
import { announceDecision, note, type Reviewer } from "../rows.ts";

export type StepRow = Selectable<DB["claw_back_step"]>;

/**
 * A step that wants its target as it is now. What has another version was changed by a person since, and is nobody's.
 * Redemptions have none: a rollback stays.
 */
export function holds(of: {
  readonly projectId: string;
  readonly kind: StepRow["kind"];
  readonly target: string | Expression<unknown>;
  readonly version: number | null | Expression<unknown>;
  /** Not its own. */
  readonly not?: string;
}): RawBuilder<string | null> {
  return sql<string | null>`(
    select h.claw_back_id from claw_back_step h
    where h.project_id = ${of.projectId} and h.target_id = ${of.target} and h.kind = ${of.kind}
      and h.outcome in ('done', 'held') and (h.undo is null or h.undo = 'pending')
      and h.version is not distinct from ${of.version} and h.claw_back_id is distinct from ${of.not ?? null}
    order by h.claw_back_id limit 1)`;
}

/** Until the transaction ends no other claw-back takes it or lets it go. @returns the step as it is since. */
export async function lockTarget(tx: Transaction<DB>, step: StepRow): Promise<StepRow> {
  const { project_id: projectId, claw_back_id: id, position } = step;
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${projectId}/${step.target_id}`}, 24))`.execute(tx);
  return tx
    .selectFrom("claw_back_step")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("claw_back_id", "=", id)
    .where("position", "=", position)
    .executeTakeFirstOrThrow();
}

/** The oldest other claw-back that wants it as it is in this version. */
export async function holderOf(tx: Kysely<DB>, step: StepRow, version: number | null): Promise<string | undefined> {
  const { project_id: projectId, kind, target_id: target, claw_back_id: not } = step;
  const { rows } = await sql<{ holder: string | null }>`
    select ${holds({ projectId, kind, target, version: sql`${version}::int`, not })} as holder`.execute(tx);
  return rows[0]?.holder ?? undefined;
}

type Kept = Pick<StepRow, "undo" | "undo_reason"> & Partial<Pick<StepRow, "held_by">>;

/**
 * Why what a step did stays although it is undone; undefined when nothing speaks for it. For another claw-back, it is that
 * one's from now on, with its amount and its review.
 */
export async function keep(
  tx: Transaction<DB>,
  step: StepRow,
  version: number | null,
  at: Date,
): Promise<Kept | undefined> {
  const holder = await holderOf(tx, step, version);
  if (holder === undefined) {
    return step.version === version ? undefined : { undo: "kept", undo_reason: "changed_meanwhile" };
  }
  if (step.outcome === "done" && step.version === version) await passOn(tx, step, holder);
  if (step.kind === "redemption") await passReviewOn(tx, step, holder, at);
  return { undo: "kept", undo_reason: "held_by_claw_back", held_by: holder };
}

/** One that did it itself as well has nothing to be given. */
async function passOn(tx: Transaction<DB>, step: StepRow, holder: string): Promise<void> {
  await tx
    .updateTable("claw_back_step")
    .set({
      outcome: "done",
      amount: step.amount,
      currency: step.currency,
      rollback_id: step.rollback_id,
      held_by: step.claw_back_id,
    })
    .where("project_id", "=", step.project_id)
    .where("claw_back_id", "=", holder)
    .where("kind", "=", step.kind)
    .where("target_id", "=", step.target_id)
    .where("outcome", "=", "held")
    .execute();
}

/** It is abuse still, in the eyes of who began the other one. */
async function passReviewOn(tx: Transaction<DB>, step: StepRow, holder: string, at: Date): Promise<void> {
  const clawBack = await tx
    .selectFrom("claw_back")
    .selectAll()
    .where("project_id", "=", step.project_id)
    .where("id", "=", holder)
    .executeTakeFirstOrThrow();
  const reviewer: Reviewer = { id: clawBack.created_by, name: clawBack.created_name };
  const row = await tx
    .updateTable("review")
    .set({
      claw_back_id: holder,
      decided_at: at,
      decided_by: reviewer.id,
      decided_name: reviewer.name,
      working_seconds: 0,
      note: null,
      updated_at: at,
    })
    .where("project_id", "=", step.project_id)
    .where("redemption_id", "=", step.target_id)
    .where("claw_back_id", "=", step.claw_back_id)
    .where("status", "=", "confirmed")
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return;
  const data = { claw_back_id: holder, through: clawBack.review_id };
  await note(tx, row, { kind: "confirmed", by: reviewer, data, at });
  const overdue = row.due_at <= clawBack.created_at;
  const told = { decision: "confirmed", claw_back: clawBack.scope, working_seconds: 0, overdue } as const;
  await announceDecision(tx, row, reviewer, told, at);
}
