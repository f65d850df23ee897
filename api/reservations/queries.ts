/** The SQL of reservations. */
import type pg from "pg";
import type { Issue, PointsMove } from "../redemptions/issues.ts";
import type { Line } from "../redemptions/lines.ts";
import type { Hold } from "../redemptions/withhold.ts";

/** What a reservation keeps for the redemption that it may become: `reserveArgument` writes it. */
interface ReservationContent {
  readonly redemption: Readonly<Record<string, unknown>>;
  /** The redemption's answer without its id and times; pool codes are still marks in it. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly customer: { readonly id: string; readonly identifier: string } | null;
  readonly lines: readonly Line[];
  readonly points: readonly PointsMove[];
  readonly issues: readonly Issue[];
  /** Codes that are held for it, by the number of their mark. */
  readonly pool_codes: readonly string[];
  /** The payload of the redemption's event. */
  readonly event: unknown;
  /** It waits for a reviewer: what it is to become when it has passed. */
  readonly held_for?: Hold;
  /** What is shown of one that waits, or waited: the caller was answered with a problem. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

export interface ReservationRow {
  readonly id: string;
  readonly redemption_id: string;
  readonly order_id: string;
  readonly status: "held" | "confirmed" | "cancelled" | "expired";
  readonly content: ReservationContent;
  readonly response: Readonly<Record<string, unknown>>;
  readonly expires_at: Date;
  readonly ended_at: Date | null;
  /** The database's clock. */
  readonly clock: Date;
}

export async function findReservation(
  pool: pg.Pool,
  projectId: string,
  id: string,
): Promise<ReservationRow | undefined> {
  const { rows } = await pool.query<ReservationRow>({
    name: "reservation",
    text: `select id, redemption_id, order_id, status, content, response, expires_at, ended_at, clock_timestamp() as clock
           from reservation where project_id = $1 and id = $2`,
    values: [projectId, id],
  });
  return rows[0];
}

/** Held ones that are due, first those that were due first. */
export async function findHeld(pool: pg.Pool, projectId: string, limit: number): Promise<{ readonly id: string }[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: "due-reservations",
    text: `select id from reservation where project_id = $1 and status = 'held' and expires_at <= now()
           order by expires_at, id limit $2`,
    values: [projectId, limit],
  });
  return rows;
}

/** Projects in which a hold is due. */
export async function findProjectsWithDueHolds(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ project_id: string }>(
    `select distinct project_id from reservation where status = 'held' and expires_at <= now()`,
  );
  return rows.map((row) => row.project_id);
}
