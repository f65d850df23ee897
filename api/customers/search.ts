/** Customers by what a person knows of them. */
import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { listQuery } from "../http/schemas.ts";
import { listCustomers } from "./queries.ts";
import { type customerWire, toCustomerWire } from "./schemas.ts";

export const customerSearchQuery = z.strictObject({
  ...listQuery,
  identifier: z.string().min(1).max(200).optional().openapi({ description: "The beginning of an identifier" }),
  email: z.string().min(1).max(320).optional().openapi({ description: "A whole address, in any case" }),
});

const idCursor = z.tuple([z.string()]);

/** Newest first. */
export async function searchCustomers(
  db: Kysely<DB>,
  projectId: string,
  query: z.output<typeof customerSearchQuery>,
): Promise<Page<z.output<typeof customerWire>>> {
  const { limit, cursor, identifier, email } = query;
  const before = readCursor(cursor, idCursor)?.[0];
  const rows = await listCustomers(db, projectId, { identifier, email }, before, limit);
  return toPage(rows, limit, (row) => [row.id], toCustomerWire);
}
