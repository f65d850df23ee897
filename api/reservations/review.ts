/** What a reviewer makes of a reservation that is held for review. Done again, each does nothing more. */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { notFound, Problem, type ProblemCode } from "../http/problem.ts";
import type { Answer } from "../redemptions/redeem.ts";
import { confirm, ended } from "./confirm.ts";
import { findReservation } from "./queries.ts";
import { releaseReservation } from "./release.ts";

/** "redeemed": the redemption is made. "released": an ordinary reservation again, which the checkout may confirm. */
export type Passed =
  | { readonly outcome: "redeemed"; readonly redemptionId: string }
  | { readonly outcome: "released"; readonly expiresAt: Date };

/**
 * It has passed: what was to be a redemption is redeemed, what was to be a reservation is one.
 *
 * @throws Problem not_found, reservation_expired, reservation_ended, order_status_conflict or busy.
 */
export async function confirmHeld(deps: Deps, projectId: string, reservationId: string): Promise<Passed> {
  const reservation = await findReservation(deps.pool, projectId, reservationId);
  if (reservation === undefined) throw notFound("reservation");
  if (reservation.status === "confirmed") return { outcome: "redeemed", redemptionId: reservation.redemption_id };
  if (reservation.status !== "held" || reservation.expires_at <= reservation.clock) throw ended(reservation);
  if (reservation.content.held_for !== "redemption") {
    await release(deps, projectId, reservationId);
    return { outcome: "released", expiresAt: reservation.expires_at };
  }
  const answer = await confirm(deps, {
    projectId,
    reservationId,
    // Keys of callers are ASCII: none of them can be this one.
    idempotencyKey: `§review ${randomUUID()}`,
    requestHash: "",
    requestId: randomUUID(),
    reviewed: true,
  });
  if (answer.status !== 201) {
    // Somebody else was faster, or its time ended meanwhile.
    const now = (await findReservation(deps.pool, projectId, reservationId)) ?? reservation;
    if (now.status !== "confirmed") throw refusalOf(answer);
  }
  return { outcome: "redeemed", redemptionId: reservation.redemption_id };
}

function refusalOf({ body }: Answer): Problem {
  const { code, detail } = JSON.parse(body) as { code: ProblemCode; detail: string };
  return new Problem(code, detail);
}

/** @returns whether it was held until now: else it had ended. @throws Problem not_found */
export async function cancelHeld(deps: Pick<Deps, "pool">, projectId: string, reservationId: string): Promise<boolean> {
  const reservation = await findReservation(deps.pool, projectId, reservationId);
  if (reservation === undefined) throw notFound("reservation");
  if (reservation.status !== "held") return false;
  return (
    (await releaseReservation(deps.pool, projectId, reservation, "cancelled")) ||
    (await releaseReservation(deps.pool, projectId, reservation, "expired"))
  );
}

async function release(deps: Pick<Deps, "db">, projectId: string, id: string): Promise<void> {
  await sql`
    update reservation set content = content - 'held_for'
    where project_id = ${projectId} and id = ${id} and status = 'held'`.execute(deps.db);
}
