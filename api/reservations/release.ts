/** Gives back what a reservation holds: because it was cancelled, or because its time is over. */
import { type Kysely, sql } from "kysely";
import type pg from "pg";
import type { Event } from "../../ingest/events/events.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { inAccountOrder, type PointsMove } from "../redemptions/issues.ts";
import type { Line } from "../redemptions/lines.ts";
import { releaseInDatabase } from "../redemptions/take.ts";
import { findHeld, findReservation, type ReservationRow } from "./queries.ts";

/** What is held of one counter goes back to it, whatever its maxima say by now. */
function opposite(lines: readonly Line[]): Line[] {
  return lines.map(({ uses_max: _u, amount_max: _a, orders_max: _o, version: _v, ...line }) => ({
    ...line,
    uses: -line.uses,
    amount: -line.amount,
    ...(line.orders === undefined ? {} : { orders: -line.orders }),
    ...(line.balance === undefined ? {} : { balance: -line.balance }),
    ...(line.holds === undefined ? {} : { holds: -line.holds }),
  }));
}

function returned(points: readonly PointsMove[]): PointsMove[] {
  return inAccountOrder(points.map((move) => ({ ...move, points: -move.points, kind: "returned" })));
}

/** @returns whether it was held until now (and, to expire it, whether it was due). */
export function releaseReservation(
  pool: pg.Pool,
  projectId: string,
  reservation: ReservationRow,
  as: "cancelled" | "expired",
): Promise<boolean> {
  return releaseInDatabase(pool, releaseArgument(projectId, reservation, as));
}

/** Gives back what an order holds that is over, inside the caller's transaction, which holds `lock_order` already. */
export async function releaseOrderHolds(tx: Kysely<DB>, projectId: string, orderId: string): Promise<void> {
  const { rows } = await sql<ReservationRow>`
    select id, redemption_id, order_id, status, content, response, expires_at, ended_at, clock_timestamp() as clock
    from reservation where project_id = ${projectId} and order_id = ${orderId} and status = 'held'
    order by id`.execute(tx);
  for (const reservation of rows) {
    const as = reservation.expires_at <= reservation.clock ? "expired" : "cancelled";
    const argument = JSON.stringify(releaseArgument(projectId, reservation, as));
    await sql`select release(${argument}::jsonb)`.execute(tx);
  }
}

function releaseArgument(projectId: string, reservation: ReservationRow, as: "cancelled" | "expired"): object {
  const now = reservation.clock.toISOString();
  const event: Event = {
    event_id: newId("evt"),
    project_id: projectId,
    type: `reservation.${as}`,
    version: 1,
    occurred_at: now,
    payload: {
      reservation_id: reservation.id,
      redemption_id: reservation.redemption_id,
      customer: reservation.content.customer?.identifier ?? null,
      order_id: reservation.order_id,
    },
  };
  return {
    project_id: projectId,
    reservation_id: reservation.id,
    as,
    lines: opposite(reservation.content.lines),
    points: returned(reservation.content.points),
    events: [event],
    decided_at: now,
  };
}

/** So many at a time; what is left is found by the next look. */
const sweptMax = 200;

/** Ends the holds of a project that are due. @returns how many this call ended */
export async function releaseDueHolds(pool: pg.Pool, projectId: string): Promise<number> {
  let ended = 0;
  for (;;) {
    const due = await findHeld(pool, projectId, sweptMax);
    for (const { id } of due) {
      const reservation = await findReservation(pool, projectId, id);
      if (reservation !== undefined && (await releaseReservation(pool, projectId, reservation, "expired"))) ended += 1;
    }
    if (due.length < sweptMax) return ended;
  }
}
