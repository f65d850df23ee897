/** Making, renaming and deleting a segment. */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { announceMoves } from "./members.ts";
import {
  deleteMembers,
  deleteSegmentRow,
  findSegment,
  insertSegment,
  listMembers,
  lockSegment,
  renameSegment,
} from "./queries.ts";
import { type segmentWire, toSegmentWire } from "./schemas.ts";

function nameTaken(name: string): Problem {
  const detail = `There is a segment named ${name}.`;
  return new Problem("already_exists", detail, { errors: [{ pointer: "/name", detail }] });
}

/** @throws Problem `already_exists`, naming the field. */
export async function createSegment(
  tx: Transaction<DB>,
  projectId: string,
  name: string,
  at: Date,
): Promise<z.output<typeof segmentWire>> {
  const row = await insertSegment(tx, { id: newId("seg"), projectId, name, at });
  if (!row) throw nameTaken(name);
  return toSegmentWire({ ...row, members_count: 0 });
}

/** @throws Problem `already_exists`, naming the field. */
export async function changeSegment(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: { readonly name?: string | undefined },
  at: Date,
): Promise<z.output<typeof segmentWire>> {
  const known = await lockSegment(tx, projectId, id, "update");
  if (!known) throw notFound("segment");
  if (change.name !== undefined && change.name !== known.name) {
    if (!(await renameSegment(tx, projectId, id, change.name, at))) throw nameTaken(change.name);
  }
  const row = await findSegment(tx, projectId, id);
  if (!row) throw notFound("segment");
  return toSegmentWire(row);
}

const leaversAtOnce = 1_000;

/** Every member leaves it, and it is announced of each. */
export async function deleteSegment(tx: Transaction<DB>, projectId: string, id: string, at: Date): Promise<void> {
  const segment = await lockSegment(tx, projectId, id, "update");
  if (!segment) throw notFound("segment");
  for (;;) {
    const page = await listMembers(tx, projectId, id, { after: undefined, limit: leaversAtOnce });
    if (page.length === 0) break;
    const left = await deleteMembers(
      tx,
      projectId,
      id,
      page.map((member) => member.identifier),
    );
    await announceMoves(tx, "segment.left", projectId, segment, left, at);
  }
  await deleteSegmentRow(tx, projectId, id);
}
