import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { selectKeys } from "./queries.ts";
import { type keyWire, toKeyWire } from "./schemas.ts";

/** Newest first, ended ones too. */
export async function listKeys(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Promise<Page<z.output<typeof keyWire>>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await selectKeys(db, projectId, before, limit + 1);
  return toPage(rows, limit, (row) => [row.id], toKeyWire);
}
