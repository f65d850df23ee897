/** Reading templates, page by page. */
import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { findWithTexts, listTemplates, type TemplateWithTexts } from "./queries.ts";
import type { TemplateWire } from "./schemas.ts";

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly kind?: string | undefined;
}

/** Newest first. */
export async function pageOfTemplates(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor, kind }: Asked,
): Promise<Page<TemplateWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await listTemplates(db, projectId, { limit: limit + 1, before, kind });
  return toPage(rows, limit, (row) => [row.id], templateToWire);
}

/** @throws Problem `not_found` */
export async function readTemplate(db: Kysely<DB>, projectId: string, id: string): Promise<TemplateWire> {
  const row = await findWithTexts(db, projectId, id);
  if (!row) throw notFound("template");
  return templateToWire(row);
}

function templateToWire(row: TemplateWithTexts): TemplateWire {
  const { id, name, purpose, language, languages, version } = row;
  return {
    ...{ id, name, kind: row.kind as TemplateWire["kind"], purpose, language, languages, version },
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
