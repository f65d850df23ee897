/** Makes the redemption that a reservation holds. */
import type { Event, Payload } from "../../ingest/events/events.ts";
import type { Deps } from "../deps.ts";
import { keyReused } from "../http/idempotency.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { earnedPoints, inAccountOrder, issuedEvents, type Resolved, resolveIssues } from "../redemptions/issues.ts";
import { keepRefusal } from "../redemptions/keep-refusal.ts";
import { type Line, merged } from "../redemptions/lines.ts";
import type { Answer } from "../redemptions/redeem.ts";
import { confirmInDatabase } from "../redemptions/take.ts";
import { findReservation, type ReservationRow } from "./queries.ts";
import { releaseReservation } from "./release.ts";

export interface ConfirmRequest {
  readonly projectId: string;
  readonly reservationId: string;
  readonly idempotencyKey: string;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
  /** Names this occurrence in a problem document. */
  readonly requestId: string;
  /** A reviewer has let it go on. */
  readonly reviewed?: boolean;
}

const roundsMax = 10;

/**
 * What is held is honoured, whatever has changed since; only the order must not be over.
 *
 * @returns 201 with the redemption, 409 when it ran out, ended or its order is over; or what the same key was answered
 * before.
 * @throws Problem not_found, idempotency_key_reused, and held_for_review, which is not kept under the key: it may pass.
 */
export async function confirm(deps: Deps, request: ConfirmRequest): Promise<Answer> {
  for (let round = 0; round < roundsMax; round++) {
    const reservation = await findReservation(deps.pool, request.projectId, request.reservationId);
    if (reservation === undefined) throw notFound("reservation");
    if (isHeldForReview(reservation) && request.reviewed !== true) throw waitsForReview();
    const { issues, customer } = reservation.content;
    const resolved = await resolveIssues(deps.pool, request.projectId, issues, customer, reservation.clock);
    const answer = await confirmInDatabase(deps.pool, confirmArgument(request, reservation, resolved));
    switch (answer.outcome) {
      case "key_reused":
        throw keyReused();
      case "done":
      case "replayed":
        return { status: answer.status, body: answer.body, replayed: answer.outcome === "replayed" };
      case "expired":
        await releaseReservation(deps.pool, request.projectId, reservation, "expired");
        return keepRefusal(deps.pool, request, expired(reservation));
      case "gone": {
        // It may have ended since it was read.
        const now = await findReservation(deps.pool, request.projectId, request.reservationId);
        return keepRefusal(deps.pool, request, ended(now ?? reservation));
      }
      case "order_over": {
        const detail = `The order ${reservation.order_id} is cancelled or refunded.`;
        return keepRefusal(deps.pool, request, new Problem("order_status_conflict", detail));
      }
    }
  }
  throw new Problem("busy", "The gift card of this reservation changed too often meanwhile.", {
    headers: { "retry-after": "1" },
  });
}

/** One whose time is over, or that has ended, waits for nobody. */
function isHeldForReview({ status, content, expires_at, clock }: ReservationRow): boolean {
  return content.held_for !== undefined && status === "held" && expires_at > clock;
}

function waitsForReview(): Problem {
  return new Problem("held_for_review", "The reservation is checked before it can be confirmed.");
}

function expired(reservation: ReservationRow): Problem {
  const detail = `The reservation ran out at ${reservation.expires_at.toISOString()}.`;
  return new Problem("reservation_expired", detail);
}

export function ended(reservation: ReservationRow): Problem {
  if (reservation.status === "expired" || reservation.expires_at <= reservation.clock) return expired(reservation);
  return new Problem("reservation_ended", `The reservation is ${reservation.status}.`);
}

function confirmArgument(request: ConfirmRequest, reservation: ReservationRow, resolved: Resolved): object {
  const { content, redemption_id } = reservation;
  const at = reservation.clock.toISOString();
  const response = {
    id: redemption_id,
    status: "redeemed",
    ...withIssuedCodes(content, resolved),
    rolled_back_amount: 0,
    occurred_at: at,
    created_at: at,
  };
  const event = (type: "redemption.succeeded" | "reservation.confirmed", payload: unknown) =>
    ({
      event_id: newId("evt"),
      project_id: request.projectId,
      type,
      version: 1,
      occurred_at: at,
      payload,
    }) as Event;
  const confirmed: Payload<"reservation.confirmed"> = {
    reservation_id: reservation.id,
    redemption_id,
    customer: content.customer?.identifier ?? null,
  };
  return {
    project_id: request.projectId,
    reservation_id: reservation.id,
    order_id: reservation.order_id,
    idempotency_key: request.idempotencyKey,
    request_hash: request.requestHash,
    status: 201,
    lines: merged([...noLongerHeld(content.lines), ...resolved.lines]),
    points: inAccountOrder(earnedPoints(resolved.issues, reservation.clock)),
    issues: resolved.issues,
    events: [
      event("redemption.succeeded", content.event),
      event("reservation.confirmed", confirmed),
      ...issuedEvents(request.projectId, redemption_id, resolved, at),
    ],
    occurred_at: at,
    decided_at: at,
    response: JSON.stringify(response),
  };
}

/** Uses, amounts and balances were moved when it was made. */
function noLongerHeld(lines: readonly Line[]): Line[] {
  return lines.flatMap(({ kind, id, code, holds }) =>
    holds === undefined
      ? []
      : [{ kind, id, ...(code === undefined ? {} : { code }), uses: 0, amount: 0, holds: -holds }],
  );
}

/** The answer with the codes that are handed out: those held in pools, and the card that credit goes to by now. */
function withIssuedCodes({ answer, pool_codes }: ReservationRow["content"], resolved: Resolved): object {
  let text = JSON.stringify(answer);
  pool_codes.forEach((code, mark) => {
    text = text.replaceAll(`"@pool:${mark}@"`, JSON.stringify(code));
  });
  const content = JSON.parse(text);
  const onExistingCard = new Map(
    resolved.issues.flatMap(({ card_code, shown }) =>
      card_code === undefined || shown === null ? [] : [[shown, card_code] as const],
    ),
  );
  if (onExistingCard.size === 0) return content;
  const codes = [...content.codes, ...content.automatic];
  for (const [shown, code] of onExistingCard) {
    const [position, index] = shown.split("/").map(Number) as [number, number];
    codes[position].rewards[index].issued_code = code;
  }
  return content;
}
