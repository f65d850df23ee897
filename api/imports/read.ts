/** One import and what was wrong with its rows. */
import type { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound } from "../http/problem.ts";
import type { DownloadedRow } from "../http/row-download.ts";
import { findImport, listErrors } from "./queries.ts";
import { importToWire, type importWire } from "./wire.ts";

/** @throws Problem 404 */
export async function readImport(db: Kysely<DB>, projectId: string, id: string): Promise<z.output<typeof importWire>> {
  const row = await findImport(db, projectId, id);
  if (!row) throw notFound("import");
  return importToWire(row);
}

/** The first bad rows, by line. */
export function firstErrors(db: Kysely<DB>, projectId: string, id: string, limit: number) {
  return listErrors(db, projectId, id, 0, limit);
}

const pageSize = 5_000;
export const errorColumns = ["line", "field", "reason"];

/** The next page of bad rows of each call; undefined after the last. */
export function errorPages(
  db: Kysely<DB>,
  projectId: string,
  id: string,
): () => Promise<readonly DownloadedRow[] | undefined> {
  let after: number | undefined = 0;
  return async () => {
    if (after === undefined) return undefined;
    const found = await listErrors(db, projectId, id, after, pageSize);
    after = found.length === pageSize ? found.at(-1)?.line : undefined;
    return found;
  };
}
