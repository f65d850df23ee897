import type { Kysely } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { type CampaignFilter, listCampaignRows } from "./queries.ts";
import type { CampaignWire } from "./schemas.ts";
import { toWire } from "./wire.ts";

/** @throws Problem 400 for a cursor that is not one of a list. */
export async function listCampaigns(
  db: Kysely<DB>,
  projectId: string,
  filter: CampaignFilter,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<CampaignWire>> {
  const before = readCursor(page.cursor, z.tuple([z.string()]))?.[0];
  const rows = await listCampaignRows(db, projectId, filter, { limit: page.limit + 1, before });
  return toPage(rows, page.limit, (row) => [row.id], toWire);
}
