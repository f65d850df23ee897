/** The row of a review, what happened to it, and how it is announced. */
import { type Kysely, type Selectable, sql } from "kysely";
import type { Event, Payload } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { notFound } from "../http/problem.ts";
import { newId } from "../ids.ts";
import type { entryKinds } from "./schemas.ts";

export type ReviewRow = Selectable<DB["review"]>;

export interface Reason {
  readonly feature: string;
  readonly value: number;
  readonly contribution: number;
  readonly text: string;
}

/** A key, and its name now. */
export interface Reviewer {
  readonly id: string;
  readonly name: string | null;
}

export function reasonsOf(row: Pick<ReviewRow, "reasons">): readonly Reason[] {
  return row.reasons as readonly Reason[];
}

/** Takes the review, so that nobody else changes it meanwhile. @throws Problem not_found */
export async function lockReview(tx: Kysely<DB>, projectId: string, id: string): Promise<ReviewRow> {
  const row = await tx
    .selectFrom("review")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw notFound("review");
  return row;
}

export async function nameOfKey(tx: Kysely<DB>, keyId: string): Promise<Reviewer> {
  const row = await tx.selectFrom("api_key").select("name").where("id", "=", keyId).executeTakeFirst();
  return { id: keyId, name: row?.name ?? null };
}

export interface Happening {
  readonly kind: (typeof entryKinds)[number];
  /** Null: the product itself. */
  readonly by: Reviewer | null;
  readonly note?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

export async function note(
  tx: Kysely<DB>,
  review: Pick<ReviewRow, "project_id" | "id">,
  happening: Happening,
): Promise<void> {
  await tx
    .insertInto("review_entry")
    .values({
      project_id: review.project_id,
      review_id: review.id,
      kind: happening.kind,
      actor: happening.by?.id ?? null,
      actor_name: happening.by?.name ?? null,
      note: happening.note ?? null,
      data: JSON.stringify(happening.data ?? {}),
      at: happening.at,
    })
    .execute();
}

/** Whether the last that happened to it is just this: somebody pressed twice. */
export async function isLastEntry(
  tx: Kysely<DB>,
  review: Pick<ReviewRow, "project_id" | "id">,
  { kind, by, note: text }: { readonly kind: Happening["kind"]; readonly by: string; readonly note: string | null },
): Promise<boolean> {
  const last = await tx
    .selectFrom("review_entry")
    .select(["kind", "actor", "note"])
    .where("project_id", "=", review.project_id)
    .where("review_id", "=", review.id)
    .orderBy("position", "desc")
    .limit(1)
    .executeTakeFirst();
  return last !== undefined && last.kind === kind && last.actor === by && last.note === text;
}

type ReviewEventType = "review.opened" | "review.assigned" | "review.held" | "review.reopened";

function snapshot(row: ReviewRow, reviewer: Reviewer | null): Payload<"review.opened"> {
  return {
    review_id: row.id,
    subject: { kind: row.subject_kind, id: row.subject_id },
    redemption_id: row.redemption_id,
    customer: row.customer,
    campaign_id: row.campaign_id,
    order_id: row.order_id,
    status: row.status,
    origin: row.origin,
    score: row.score,
    action: row.action,
    model: row.model,
    features: reasonsOf(row).map((reason) => reason.feature),
    rules: row.rules,
    currency: row.currency,
    amount: row.amount_at_risk,
    opened_at: row.opened_at.toISOString(),
    due_at: row.due_at.toISOString(),
    reviewer,
  };
}

export async function announce(
  tx: Kysely<DB>,
  row: ReviewRow,
  type: ReviewEventType,
  reviewer: Reviewer | null,
  at: Date,
): Promise<void> {
  await append(tx, row, { type, payload: snapshot(row, reviewer) }, at);
}

export async function announceDecision(
  tx: Kysely<DB>,
  row: ReviewRow,
  reviewer: Reviewer,
  decided: Pick<Payload<"review.decided">, "decision" | "claw_back" | "working_seconds" | "overdue">,
  at: Date,
): Promise<void> {
  await append(tx, row, { type: "review.decided", payload: { ...snapshot(row, reviewer), ...decided } }, at);
}

export async function announceClosing(
  tx: Kysely<DB>,
  row: ReviewRow,
  because: Payload<"review.closed">["because"],
  at: Date,
): Promise<void> {
  await append(tx, row, { type: "review.closed", payload: { ...snapshot(row, null), because } }, at);
}

async function append(tx: Kysely<DB>, row: ReviewRow, event: Pick<Event, "type" | "payload">, at: Date): Promise<void> {
  const whole = { event_id: newId("evt"), project_id: row.project_id, version: 1, occurred_at: at.toISOString() };
  await appendEvents(tx, [{ ...whole, ...event } as Event]);
}

/** What of a redemption stands: discount, and credit that it gave and the customer still has. Points have no price. */
export async function standingOf(
  tx: Kysely<DB>,
  projectId: string,
  redemptionId: string,
): Promise<{ readonly amount: number; readonly isWhollyBack: boolean } | undefined> {
  const { rows } = await sql<{ amount: number; status: string }>`
    select r.status, (case when r.status = 'redeemed' then r.discount_amount - r.rolled_back_amount else 0 end + coalesce((
             select sum(w.amount) from issued_reward w
             where w.project_id = r.project_id and w.redemption_id = r.id and w.type = 'gift_credit'
               and w.status = 'issued'), 0))::bigint as amount
    from redemption r where r.project_id = ${projectId} and r.id = ${redemptionId}`.execute(tx);
  const [row] = rows;
  return row && { amount: row.amount, isWhollyBack: row.status === "rolled_back" };
}
