/** Reading channels, page by page. */
import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { channelToWire } from "./change.ts";
import { findChannel } from "./find.ts";
import { listChannels } from "./queries.ts";
import type { ChannelWire } from "./schemas.ts";

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly kind?: string | undefined;
}

/** Newest first. */
export async function pageOfChannels(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor, kind }: Asked,
): Promise<Page<ChannelWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await listChannels(db, projectId, { limit: limit + 1, before, kind });
  return toPage(rows, limit, (row) => [row.id], channelToWire);
}

/** @throws Problem `not_found` */
export async function readChannel(db: Kysely<DB>, projectId: string, id: string): Promise<ChannelWire> {
  const row = await findChannel(db, projectId, id);
  if (!row) throw notFound("channel");
  return channelToWire(row);
}
