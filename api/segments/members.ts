/** Who is in a static segment. Entering twice is entering once, and each change is announced once. */
import type { Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import { ensureCustomers } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { notFound } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { deleteMembers, findSegment, insertMembers, lockSegment } from "./queries.ts";

/** Makes the customers who were never seen before. */
export async function addMembers(
  tx: Transaction<DB>,
  projectId: string,
  segmentId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<{ entered: number; members_count: number }> {
  const segment = await lockSegment(tx, projectId, segmentId, "share");
  if (!segment) throw notFound("segment");
  const ids = await ensureCustomers(tx, projectId, identifiers, at);
  const entered = await insertMembers(tx, projectId, segmentId, ids, at);
  await announceMoves(tx, "segment.entered", projectId, segment, entered, at);
  return { entered: entered.length, members_count: await countMembers(tx, projectId, segmentId) };
}

export async function removeMembers(
  tx: Transaction<DB>,
  projectId: string,
  segmentId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<{ left: number; members_count: number }> {
  const segment = await lockSegment(tx, projectId, segmentId, "share");
  if (!segment) throw notFound("segment");
  const left = await deleteMembers(tx, projectId, segmentId, identifiers);
  await announceMoves(tx, "segment.left", projectId, segment, left, at);
  return { left: left.length, members_count: await countMembers(tx, projectId, segmentId) };
}

async function countMembers(tx: Transaction<DB>, projectId: string, segmentId: string): Promise<number> {
  return (await findSegment(tx, projectId, segmentId))?.members_count ?? 0;
}

export function announceMoves(
  tx: Transaction<DB>,
  type: "segment.entered" | "segment.left",
  projectId: string,
  segment: { readonly id: string; readonly name: string },
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
      payload: { segment_id: segment.id, name: segment.name, customer },
    })),
  );
}
