/**
 * The consumer that opens a review for everything a score made suspect, and keeps it true to what happens to its subject
 * until somebody decides. A subject has one review, however often its events come.
 */
import { type Kysely, sql } from "kysely";
import type { Logger } from "pino";
import type { ConsumedEvent, ConsumerOptions } from "../../ingest/consumer.ts";
import type { EventType } from "../../ingest/events/events.ts";
import type { CodePart, OrderPart, RiskPart } from "../../ingest/events/parts.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { close, findByRedemption, followRollback, isUndecided, rescore } from "./follow.ts";
import { dueAt, priorityOf } from "./priority.ts";
import { announce, note, type ReviewRow, standingOf } from "./rows.ts";

const types = [
  "redemption.succeeded",
  "redemption.rejected",
  "redemption.rolled_back",
  "reservation.created",
  "reservation.confirmed",
  "reservation.cancelled",
  "reservation.expired",
  "risk.rescored",
] as const satisfies readonly EventType[];

type Consumed = ConsumedEvent<(typeof types)[number]>;
type Of<T extends Consumed["type"]> = Extract<Consumed, { readonly type: T }>;

export function reviewConsumer(deps: {
  readonly db: Kysely<DB>;
  readonly log: Logger;
}): ConsumerOptions<(typeof types)[number]> {
  return { ...deps, name: "reviews", types, handle };
}

/** One by one, in their order: of a shop's events few are about something suspect. */
async function handle(tx: Kysely<DB>, events: readonly Consumed[]): Promise<void> {
  const underReview = await findUnderReview(tx, events);
  for (const event of events) {
    const opened = await openFor(tx, event);
    if (opened !== undefined) underReview.add(opened);
    else await follow(tx, event, underReview);
  }
}

/** Redemptions of these events that have a review. */
async function findUnderReview(tx: Kysely<DB>, events: readonly Consumed[]): Promise<Set<string>> {
  const ids = events.flatMap(({ payload }) => ("redemption_id" in payload ? [payload.redemption_id] : []));
  if (ids.length === 0) return new Set();
  const rows = await tx
    .selectFrom("review")
    .select("redemption_id")
    .where("project_id", "in", [...new Set(events.map((event) => event.project_id))])
    .where("redemption_id", "=", sql<string>`any(${[...new Set(ids)]}::text[])`)
    .execute();
  return new Set(rows.flatMap(({ redemption_id }) => redemption_id ?? []));
}

/** @returns the redemption that is under review from now on. */
async function openFor(tx: Kysely<DB>, event: Consumed): Promise<string | undefined> {
  switch (event.type) {
    case "redemption.succeeded":
    case "redemption.rejected":
      if (event.payload.risk === undefined || event.payload.risk.action === "allow") return undefined;
      return openFromAttempt(tx, event, event.payload.risk);
    case "reservation.created":
      // A hold of the checkout's own is looked at once it is redeemed.
      if (event.payload.held_for_review !== true || event.payload.risk === undefined) return undefined;
      return openFromAttempt(tx, event, event.payload.risk);
    case "risk.rescored":
      return openLate(tx, event);
    default:
      return undefined;
  }
}

interface NewReview {
  readonly projectId: string;
  readonly subject: { readonly kind: ReviewRow["subject_kind"]; readonly id: string };
  readonly redemptionId: string | null;
  readonly customer: string | null;
  readonly orderId: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly codes: readonly Pick<CodePart, "campaign_id" | "main_campaign_id" | "discount_amount">[];
  readonly risk: RiskPart;
  readonly origin: ReviewRow["origin"];
  readonly expiresAt: Date | null;
  /** Whose it was, where more of the same shall not open more. */
  readonly repeatKey: string | null;
}

async function openFromAttempt(
  tx: Kysely<DB>,
  event: Of<"redemption.succeeded" | "redemption.rejected" | "reservation.created">,
  risk: RiskPart,
): Promise<string | undefined> {
  const { payload } = event;
  const redemptionId = "redemption_id" in payload ? payload.redemption_id : null;
  const subject =
    event.type === "redemption.succeeded"
      ? ({ kind: "redemption", id: event.payload.redemption_id } as const)
      : event.type === "reservation.created"
        ? ({ kind: "reservation", id: event.payload.reservation_id } as const)
        : ({ kind: "rejection", id: event.payload.rejection_id } as const);
  const amount =
    event.type === "redemption.rejected" ? (risk.withheld_amount ?? 0) : givenBy(payload.order, payload.codes);
  await open(tx, {
    projectId: event.project_id,
    subject,
    redemptionId,
    customer: payload.customer,
    orderId: payload.order.id,
    currency: payload.order.currency,
    amount,
    codes: payload.codes,
    risk,
    origin: "request",
    expiresAt: event.type === "reservation.created" ? new Date(event.payload.expires_at) : null,
    repeatKey:
      event.type === "redemption.rejected" && amount === 0
        ? (payload.customer ?? payload.signals?.device ?? payload.signals?.ip ?? null)
        : null,
  });
  return redemptionId ?? undefined;
}

/** Money off, and credit. */
function givenBy(order: OrderPart, codes: readonly CodePart[]): number {
  const credit = codes
    .flatMap((code) => code.rewards ?? [])
    .reduce((sum, reward) => sum + (reward.type === "gift_credit" ? (reward.amount ?? 0) : 0), 0);
  return order.discount_amount + credit;
}

/** A later score of something that is under review already makes that review stricter. */
async function openLate(tx: Kysely<DB>, event: Of<"risk.rescored">): Promise<string | undefined> {
  const { redemption_id: id, risk, customer, order_id } = event.payload;
  if (risk.action === "allow") return undefined;
  const { project_id: projectId } = event;
  const known = await findByRedemption(tx, projectId, id);
  if (known !== undefined) {
    if (isUndecided(known)) await rescore(tx, known, risk);
    return id;
  }
  const standing = await standingOf(tx, projectId, id);
  if (standing === undefined) return undefined;
  const { rows: codes } = await sql<NewReview["codes"][number] & { currency: string }>`
    select c.campaign_id, c.main_campaign_id, c.discount_amount, r.currency
    from redemption r left join redemption_code c on c.project_id = r.project_id and c.redemption_id = r.id
    where r.project_id = ${projectId} and r.id = ${id} order by c.position`.execute(tx);
  await open(tx, {
    projectId,
    subject: { kind: "redemption", id },
    redemptionId: id,
    customer,
    orderId: order_id,
    currency: codes[0]?.currency ?? "",
    amount: standing.amount,
    codes,
    risk,
    origin: "late",
    expiresAt: null,
    repeatKey: null,
  });
  if (standing.isWhollyBack) await followRollback(tx, projectId, id);
  return id;
}

async function open(tx: Kysely<DB>, found: NewReview): Promise<void> {
  const now = new Date();
  if (await isRepeat(tx, found, now)) return;
  const priority = priorityOf(found.risk.score, found.amount);
  const most = [...found.codes].sort((a, b) => b.discount_amount - a.discount_amount)[0];
  const campaigns = found.codes.flatMap((code) => [code.campaign_id, code.main_campaign_id]);
  const row = await tx
    .insertInto("review")
    .values({
      project_id: found.projectId,
      id: newId("rev"),
      subject_kind: found.subject.kind,
      subject_id: found.subject.id,
      redemption_id: found.redemptionId,
      campaign_id: most?.campaign_id ?? null,
      campaign_ids: [...new Set(campaigns.filter((id) => id !== null))],
      customer: found.customer,
      order_id: found.orderId,
      currency: found.currency,
      action: found.risk.action,
      model: found.risk.model,
      score: found.risk.score,
      amount_at_risk: found.amount,
      priority,
      reasons: JSON.stringify(found.risk.reasons ?? []),
      rules: [...(found.risk.rules ?? [])],
      origin: found.origin,
      status: "open",
      due_at: dueAt(priority, now, found.expiresAt),
      expires_at: found.expiresAt,
      repeat_key: found.repeatKey,
      opened_at: now,
      updated_at: now,
    })
    // Of the subject, or of its redemption: a hold that was confirmed is under review already.
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return;
  const data = { score: row.score, amount_at_risk: row.amount_at_risk, action: row.action };
  await note(tx, row, { kind: "opened", by: null, data, at: now });
  await announce(tx, row, "review.opened", null, now);
}

const repeatMs = 86_400_000;

/** Refusals that cost nothing come by the hundred when codes are guessed: the review that is open counts them. */
async function isRepeat(tx: Kysely<DB>, { projectId, repeatKey }: NewReview, now: Date): Promise<boolean> {
  if (repeatKey === null) return false;
  const { numUpdatedRows } = await tx
    .updateTable("review")
    .set({ repeats: sql<number>`repeats + 1`, updated_at: now })
    .where("project_id", "=", projectId)
    .where("repeat_key", "=", repeatKey)
    .where("opened_at", ">", new Date(now.getTime() - repeatMs))
    .where("status", "in", ["open", "held"])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function follow(tx: Kysely<DB>, event: Consumed, underReview: ReadonlySet<string>): Promise<void> {
  const { payload, project_id: projectId } = event;
  if (!("redemption_id" in payload) || !underReview.has(payload.redemption_id)) return;
  switch (event.type) {
    case "redemption.rolled_back":
      return followRollback(tx, projectId, payload.redemption_id);
    case "reservation.cancelled":
    case "reservation.expired": {
      const review = await findByRedemption(tx, projectId, payload.redemption_id);
      const because = event.type === "reservation.expired" ? "reservation_expired" : "reservation_cancelled";
      if (review !== undefined && isUndecided(review)) await close(tx, review, because);
      return;
    }
    case "reservation.confirmed":
      await tx
        .updateTable("review")
        .set({ expires_at: null, updated_at: new Date() })
        .where("project_id", "=", projectId)
        .where("redemption_id", "=", payload.redemption_id)
        .where("expires_at", "is not", null)
        .execute();
      return;
    default:
      return;
  }
}
