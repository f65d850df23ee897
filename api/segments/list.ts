/** Reading segments and who is in them, page by page. */
import type { Kysely } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { findSegment, listMembers, listSegments } from "./queries.ts";
import { type memberWire, type segmentWire, toSegmentWire } from "./schemas.ts";

export type SegmentWire = z.output<typeof segmentWire>;
export type SegmentMemberWire = z.output<typeof memberWire>;

interface Asked {
  readonly limit: number;
  readonly cursor: string | undefined;
}

const idCursor = z.tuple([z.string()]);

/** Newest first. */
export async function pageOfSegments(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor }: Asked,
): Promise<Page<SegmentWire>> {
  const before = readCursor(cursor, idCursor)?.[0];
  const rows = await listSegments(db, projectId, { before, limit: limit + 1 });
  return toPage(rows, limit, (row) => [row.id], toSegmentWire);
}

/** @throws Problem `not_found` */
export async function readSegment(db: Kysely<DB>, projectId: string, id: string): Promise<SegmentWire> {
  const row = await findSegment(db, projectId, id);
  if (!row) throw notFound("segment");
  return toSegmentWire(row);
}

/** By the age of the customer. @throws Problem `not_found` */
export async function pageOfMembers(
  db: Kysely<DB>,
  projectId: string,
  id: string,
  { limit, cursor }: Asked,
): Promise<Page<SegmentMemberWire>> {
  const after = readCursor(cursor, idCursor)?.[0];
  if (!(await findSegment(db, projectId, id))) throw notFound("segment");
  const rows = await listMembers(db, projectId, id, { after, limit: limit + 1 });
  return toPage(
    rows,
    limit,
    (row) => [row.customer_id],
    (row) => ({ identifier: row.identifier, entered_at: row.entered_at.toISOString() }),
  );
}
