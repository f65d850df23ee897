/** Reading exports, page by page, and the file of one. */
import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { readFile, sizeOfFile } from "./files.ts";
import { findExport, listExports } from "./queries.ts";
import { type exportWire, toExportWire } from "./schemas.ts";

export type ExportWire = z.output<typeof exportWire>;

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Newest first. */
export async function pageOfExports(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor }: Asked,
): Promise<Page<ExportWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await listExports(db, projectId, { before, limit: limit + 1 });
  return toPage(rows, limit, (row) => [row.id], toExportWire);
}

/** @throws Problem `not_found` */
export async function readExport(db: Kysely<DB>, projectId: string, id: string): Promise<ExportWire> {
  const row = await findExport(db, projectId, id);
  if (row === undefined) throw notFound("list export");
  return toExportWire(row);
}

/** @throws Problem `not_found`, also when the file is not there yet or any more */
export async function openExport(
  { db, dataDir }: Pick<Deps, "db" | "dataDir">,
  projectId: string,
  id: string,
): Promise<{ readonly file: ReturnType<typeof readFile>; readonly headers: Record<string, string> }> {
  const row = await findExport(db, projectId, id);
  const isThere = row !== undefined && row.bytes_count !== null && row.file_deleted_at === null;
  const size = isThere ? await sizeOfFile(dataDir, row) : undefined;
  if (row === undefined || size === undefined) throw notFound("file of this export");
  return {
    file: readFile(dataDir, row),
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-length": String(size),
      "content-disposition": `attachment; filename="${row.id}.csv"`,
      "cache-control": "no-store",
    },
  };
}
