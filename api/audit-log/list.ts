import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { type AuditRow, findAuditEntry, selectAuditLog } from "./queries.ts";
import type { AuditEntryWire, auditQuery } from "./schemas.ts";

/** Newest first. */
export async function listAuditLog(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor, subject_type, subject_id, ...filter }: z.output<typeof auditQuery>,
): Promise<Page<AuditEntryWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await selectAuditLog(
    db,
    projectId,
    { ...filter, subjectType: subject_type, subjectId: subject_id },
    { limit: limit + 1, before },
  );
  return toPage(rows, limit, (row) => [row.id], toWire);
}

/** @throws Problem `not_found` */
export async function readAuditEntry(db: Kysely<DB>, projectId: string, id: string): Promise<AuditEntryWire> {
  const row = await findAuditEntry(db, projectId, id);
  if (!row) throw notFound("entry");
  return toWire(row);
}

function toWire(row: AuditRow): AuditEntryWire {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: { id: row.actor, name: row.actor_name, member_id: row.member_id },
    action: row.action,
    subject_type: row.subject_type as AuditEntryWire["subject_type"],
    subject_id: row.subject_id,
    before: row.before as AuditEntryWire["before"],
    after: row.after as AuditEntryWire["after"],
    request_id: row.request_id,
  };
}
