/** Who is in a static segment. Entering twice is entering once, and each change is announced once. */
import type { Kysely, Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import { ensureCustomers } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { deleteMembers, findSegment, insertMembers, lockSegment } from "./queries.ts";

/** Makes the customers who were never seen before. @returns how many were not in it yet. */
export async function enterList(
  tx: Transaction<DB>,
  projectId: string,
  segmentId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<number> {
  const segment = await lockList(tx, projectId, segmentId);
  const ids = await ensureCustomers(tx, projectId, identifiers, at);
  const entered = await insertMembers(tx, projectId, segmentId, ids, at);
  await announceMoves(tx, "segment.entered", projectId, segment, entered, at);
  return entered.length;
}

/** @returns how many were in it. */
export async function leaveList(
  tx: Transaction<DB>,
  projectId: string,
  segmentId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<number> {
  const segment = await lockList(tx, projectId, segmentId);
  const left = await deleteMembers(tx, projectId, segmentId, identifiers);
  await announceMoves(tx, "segment.left", projectId, segment, left, at);
  return left.length;
}

/** @throws Problem 404; `conflict` for a dynamic one. */
async function lockList(tx: Transaction<DB>, projectId: string, segmentId: string) {
  return requireList(await lockSegment(tx, projectId, segmentId, "share"));
}

/** @throws Problem 404; `conflict` for a dynamic one. */
export async function checkList(db: Kysely<DB>, projectId: string, segmentId: string): Promise<void> {
  requireList(await findSegment(db, projectId, segmentId));
}

export function beingDeleted(): Problem {
  return new Problem("conflict", "This segment is being deleted.");
}

interface Lockable {
  readonly kind: "static" | "dynamic";
  readonly deleting_at: Date | null;
}

function requireList<Row extends Lockable>(segment: Row | undefined): Row {
  if (!segment) throw notFound("segment");
  if (segment.deleting_at !== null) throw beingDeleted();
  if (segment.kind === "static") return segment;
  const detail = "The members of this segment are whoever fits its rules; nobody is put in or taken out by hand.";
  throw new Problem("conflict", detail);
}

/** Of a list they are counted one by one: asked once, after everybody came. */
export async function countMembers(db: Kysely<DB>, projectId: string, segmentId: string): Promise<number> {
  return (await findSegment(db, projectId, segmentId))?.members_count ?? 0;
}

export function announceMoves(
  tx: Transaction<DB>,
  type: "segment.entered" | "segment.left",
  projectId: string,
  segment: { readonly id: string; readonly name: string; readonly kind: "static" | "dynamic" },
  identifiers: readonly string[],
  at: Date,
): Promise<void> {
  return appendEvents(
    tx,
    identifiers.map((customer) => ({
      event_id: newId("evt"),
      project_id: projectId,
      type,
      version: 1,
      occurred_at: at.toISOString(),
      payload: { segment_id: segment.id, name: segment.name, customer, kind: segment.kind },
    })),
  );
}
