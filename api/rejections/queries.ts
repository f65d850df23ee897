import { type Kysely, type Selectable, sql } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { normalizeCode } from "../domain/codes.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { explanationOf } from "../redemptions/explanation.ts";
import { type AttemptsQuery, rejectionDetailWire, rejectionWire } from "../redemptions/schemas.ts";
import { blandRisk, wireOfStored } from "../risk/wire.ts";

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
  return toPage(rows, query.limit, (row) => [row.id], toWire);
}

type RejectionRow = Selectable<DB["rejection"]>;

function toWire(row: RejectionRow): RejectionWire {
  return rejectionWire.parse({
    id: row.id,
    codes: row.codes,
    campaign_ids: row.campaign_ids,
    customer: row.customer_identifier === null ? null : { identifier: row.customer_identifier },
    reasons: row.reasons,
    order: row.order_data,
    risk: blandRisk(wireOfStored(row.risk)),
    source: row.source,
    occurred_at: row.occurred_at.toISOString(),
    created_at: row.created_at.toISOString(),
  });
}

export async function findRejectionDetail(
  db: Kysely<DB>,
  projectId: string,
  id: string,
): Promise<z.output<typeof rejectionDetailWire> | undefined> {
  const row = await db
    .selectFrom("rejection")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const reasons = row.reasons as readonly { readonly voucher_code: string; readonly message: string }[];
  const codes = row.codes.map((code) => {
    const own = reasons.filter((reason) => reason.voucher_code === code);
    return { code, campaign_id: null, applicable: false, discount_amount: 0, reasons: own };
  });
  return rejectionDetailWire.parse({
    ...toWire(row),
    trace: row.trace,
    explanation: explanationOf({ codes }, row.trace, row.currency),
  });
}
