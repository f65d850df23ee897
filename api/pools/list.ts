import type { Kysely } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { findPool, type PoolRow, selectPools } from "./queries.ts";
import type { PoolWire } from "./schemas.ts";

/** Newest first. */
export async function listPools(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Promise<Page<PoolWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await selectPools(db, projectId, { limit: limit + 1, before });
  return toPage(rows, limit, (row) => [row.id], toWire);
}

/** @throws Problem `not_found` */
export async function readPool(db: Kysely<DB>, projectId: string, id: string): Promise<PoolWire> {
  const row = await findPool(db, projectId, id);
  if (!row) throw notFound("pool");
  return toWire(row);
}

function toWire(row: PoolRow): PoolWire {
  return {
    id: row.id,
    name: row.name,
    size: row.codes_count,
    left: row.left ?? 0,
    low_stock: row.low_stock,
    metadata: row.metadata as PoolWire["metadata"],
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
