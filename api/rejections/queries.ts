import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { normalizeCode } from "../domain/codes.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { type AttemptsQuery, rejectionWire } from "../redemptions/schemas.ts";

const cursor = z.tuple([z.string().max(100)]);

type RejectionWire = z.output<typeof rejectionWire>;

export async function listRejections(
  db: Kysely<DB>,
  projectId: string,
  query: AttemptsQuery,
): Promise<Page<RejectionWire>> {
  const after = readCursor(query.cursor, cursor);
  const { campaign_id, code, customer, from, to } = query;
  // A code that was never valid is kept as it was typed; one that exists, as it is stored.
  const spellings = code === undefined ? [] : [...new Set([code, normalizeCode(code) ?? code])];
  const rows = await db
    .selectFrom("rejection as r")
    .selectAll("r")
    .where("r.project_id", "=", projectId)
    .$if(after !== undefined, (q) => q.where("r.id", "<", after?.[0] ?? ""))
    .$if(from !== undefined, (q) => q.where("r.occurred_at", ">=", new Date(from ?? 0)))
    .$if(to !== undefined, (q) => q.where("r.occurred_at", "<", new Date(to ?? 0)))
    .$if(customer !== undefined, (q) => q.where("r.customer_identifier", "=", customer ?? ""))
    .$if(campaign_id !== undefined, (q) =>
      q.where(sql<boolean>`r.campaign_ids && array(
        select c.id from campaign c
        where c.project_id = ${projectId} and (c.id = ${campaign_id} or c.parent_id = ${campaign_id}))`),
    )
    .$if(code !== undefined, (q) => q.where(sql<boolean>`r.codes && ${spellings}::text[]`))
    .orderBy("r.id", "desc")
    .limit(query.limit + 1)
    .execute();
  return toPage(
    rows,
    query.limit,
    (row) => [row.id],
    (row) =>
      rejectionWire.parse({
        id: row.id,
        codes: row.codes,
        campaign_ids: row.campaign_ids,
        customer: row.customer_identifier === null ? null : { identifier: row.customer_identifier },
        reasons: row.reasons,
        order: row.order_data,
        risk: row.risk,
        source: row.source,
        occurred_at: row.occurred_at.toISOString(),
        created_at: row.created_at.toISOString(),
      }),
  );
}
