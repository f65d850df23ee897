import type { Kysely } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { keysOfMembers } from "../keys/member-keys.ts";
import { findMember, selectMembers } from "./queries.ts";
import type { MemberWire } from "./schemas.ts";
import { toMemberWire } from "./wire.ts";

/** Newest first. */
export async function listMembers(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Promise<Page<MemberWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  // One reading: a member that is removed meanwhile would be found without its key.
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      const rows = await selectMembers(tx, projectId, { before, limit: limit + 1 });
      const ids = rows.map((row) => row.id);
      const keys = await keysOfMembers(tx, projectId, ids);
      return toPage(
        rows,
        limit,
        (row) => [row.id],
        (row) => toMemberWire(row, keys.get(row.id)),
      );
    });
}

/** @throws Problem `not_found` */
export async function readMember(db: Kysely<DB>, projectId: string, id: string): Promise<MemberWire> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      const row = await findMember(tx, projectId, id);
      if (!row) throw notFound("member");
      const keys = await keysOfMembers(tx, projectId, [id]);
      return toMemberWire(row, keys.get(id));
    });
}
