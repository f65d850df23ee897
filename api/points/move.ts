import type { z } from "@hono/zod-openapi";
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import pg from "pg";
import { findCustomer } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { type EntryRow, listEntries } from "./queries.ts";
import type { MovePointsInput, pointsEntryWire } from "./schemas.ts";

export interface PointsMove {
  readonly customerId: string;
  /** Above 0 to give, below 0 to take. */
  readonly points: number;
  readonly kind: Selectable<DB["points_entry"]>["kind"];
  readonly reason: string | null;
  readonly referenceId: string | null;
  readonly expiresAt: Date | null;
  readonly at: Date;
}

/**
 * Moves points and announces it. When there are not enough the transaction is over: it can only be rolled back, to a
 * savepoint at least.
 */
export async function movePoints(
  tx: Kysely<DB>,
  projectId: string,
  move: PointsMove,
): Promise<{ outcome: "moved"; balance: number } | { outcome: "not_enough"; balance: number }> {
  try {
    const { rows } = await sql<{ balance: number }>`
      select move_points(${projectId}, ${move.customerId}, ${move.points}::bigint, ${move.kind}, ${move.reason},
        ${move.referenceId}, ${move.expiresAt}, ${move.at}) as balance
    `.execute(tx);
    const row = rows[0];
    if (!row) throw new Error("move_points gave no row");
    return { outcome: "moved", balance: row.balance };
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === "TS001") {
      return { outcome: "not_enough", balance: Number(error.detail) };
    }
    throw error;
  }
}

/**
 * Gives points to a customer by hand, or takes some away.
 *
 * @throws Problem `points_not_enough` with the balance and what was asked for.
 */
export async function adjustPoints(
  tx: Transaction<DB>,
  projectId: string,
  identifier: string,
  input: MovePointsInput,
  now: Date,
): Promise<{ balance: number; entry: z.output<typeof pointsEntryWire> }> {
  const customer = await findCustomer(tx, projectId, identifier);
  if (!customer) throw notFound("customer");
  const moved = await movePoints(tx, projectId, {
    customerId: customer.id,
    points: input.points,
    kind: "adjusted",
    reason: input.reason ?? null,
    referenceId: null,
    expiresAt: expiryOf(input, now),
    at: now,
  });
  if (moved.outcome === "not_enough") {
    const asked = -input.points;
    throw new Problem("points_not_enough", `The account holds ${moved.balance} points; ${asked} were asked for.`, {
      extensions: { balance: moved.balance, asked },
    });
  }
  // The account is locked until the transaction ends: its newest entry is ours.
  const [entry] = await listEntries(tx, projectId, customer.id, { before: undefined, limit: 1 });
  if (!entry) throw new Error("the entry of the points just moved is not there");
  return { balance: moved.balance, entry: entryToWire(entry) };
}

const dayMs = 24 * 60 * 60_000;

function expiryOf(input: MovePointsInput, now: Date): Date | null {
  if (input.expires_in_days !== undefined) return new Date(now.getTime() + input.expires_in_days * dayMs);
  if (input.expires_at === undefined) return null;
  const at = new Date(input.expires_at);
  if (at <= now) throw invalid("/expires_at", "The instant has passed.");
  return at;
}

export function entryToWire(row: EntryRow): z.output<typeof pointsEntryWire> {
  return {
    id: row.id,
    kind: row.kind,
    points: row.points,
    balance_after: row.balance_after,
    reason: row.reason,
    reference_id: row.reference_id,
    created_at: row.created_at.toISOString(),
  };
}
