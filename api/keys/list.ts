import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { findKey, selectKeys } from "./queries.ts";
import { type keyWire, toKeyWire } from "./schemas.ts";

export type KeyWire = z.output<typeof keyWire>;

/** Newest first, ended ones too. */
export async function listKeys(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Promise<Page<KeyWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await selectKeys(db, projectId, before, limit + 1);
  return toPage(rows, limit, (row) => [row.id], toKeyWire);
}

/** @throws Problem `not_found` */
export async function readKey(db: Kysely<DB>, projectId: string, id: string): Promise<KeyWire> {
  const row = await findKey(db, projectId, id);
  if (!row) throw notFound("key");
  return toKeyWire(row);
}
