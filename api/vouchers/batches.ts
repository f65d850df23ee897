/** Batches of vouchers: ordered here, made by `batch-worker.ts`. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { z } from "zod";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { type CodePattern, normalizeCode } from "../domain/codes.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { balancePart } from "./announce.ts";
import { holdVoucherCampaign } from "./create.ts";
import { refuseGuessable } from "./pattern-strength.ts";
import { type BatchInput, type BatchWire, batchTemplate, patternSchema } from "./schemas.ts";
import { checkedShape } from "./shape.ts";

export type BatchRow = Selectable<DB["voucher_batch"]>;

/** @throws Problem `invalid_request` when the pattern is too small, with the numbers. */
export async function createBatch(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  input: BatchInput,
  at: Date,
): Promise<BatchWire> {
  const pattern = normalizedPattern(input.pattern);
  const campaign = await holdVoucherCampaign(tx, projectId, campaignId);
  const shape = checkedShape(campaign.template, input);
  await refuseGuessable(tx, projectId, pattern, input, shape.kind);
  const template: z.input<typeof batchTemplate> = {
    ...shape,
    starts_at: input.starts_at ?? null,
    expires_at: input.expires_at ?? null,
    metadata: input.metadata ?? {},
  };
  const row = await tx
    .insertInto("voucher_batch")
    .values({
      project_id: projectId,
      id: newId("bat"),
      campaign_id: campaignId,
      size: input.size,
      pattern: JSON.stringify(pattern),
      template: JSON.stringify(template),
      status: "running",
      created_at: at,
      updated_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return batchToWire(row);
}

/** Affixes in the one spelling that look-up uses; the schema has made sure that they have one. */
function normalizedPattern({ prefix, suffix, charset, length }: BatchInput["pattern"]): CodePattern {
  return {
    charset,
    length,
    ...(prefix !== undefined && { prefix: normalizeCode(prefix) ?? prefix }),
    ...(suffix !== undefined && { suffix: normalizeCode(suffix) ?? suffix }),
  };
}

export function findBatch(db: Kysely<DB>, projectId: string, id: string): Promise<BatchRow | undefined> {
  return db
    .selectFrom("voucher_batch")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Newest first, one more than `limit`. */
export function listBatches(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly campaignId: string | undefined; readonly before: string | undefined; readonly limit: number },
): Promise<BatchRow[]> {
  return db
    .selectFrom("voucher_batch")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(page.campaignId !== undefined, (query) => query.where("campaign_id", "=", page.campaignId ?? ""))
    .$if(page.before !== undefined, (query) => query.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit + 1)
    .execute();
}

/** What is made already stays. Cancelling twice is cancelling once. @throws Problem `conflict` when it has ended. */
export async function cancelBatch(tx: Transaction<DB>, projectId: string, id: string, at: Date): Promise<BatchWire> {
  const row = await lockBatch(tx, projectId, id);
  if (row.status === "cancelled") return batchToWire(row);
  if (row.status !== "running") throw new Problem("conflict", `A batch that is ${row.status} cannot be cancelled.`);
  const cancelled = await setStatus(tx, row, "cancelled", at);
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type: "voucher_batch.cancelled",
      version: 1,
      occurred_at: at.toISOString(),
      payload: {
        batch_id: id,
        campaign_id: row.campaign_id,
        size: row.size,
        done: row.done,
        kind: cancelled.kind,
        expires_at: cancelled.expires_at,
        ...balancePart(cancelled.balance_amount),
      },
    },
  ]);
  return cancelled;
}

/** Resuming one that runs changes nothing. @throws Problem `conflict` when nothing is missing. */
export async function resumeBatch(tx: Transaction<DB>, projectId: string, id: string, at: Date): Promise<BatchWire> {
  const found = await findBatch(tx, projectId, id);
  if (!found) throw notFound("voucher batch");
  await holdVoucherCampaign(tx, projectId, found.campaign_id);
  const row = await lockBatch(tx, projectId, id);
  if (row.status === "running") return batchToWire(row);
  if (row.status === "done") throw new Problem("conflict", "The batch is done.");
  return setStatus(tx, row, "running", at);
}

/** Waits for the chunk that is being made, which holds the same lock. */
async function lockBatch(tx: Transaction<DB>, projectId: string, id: string): Promise<BatchRow> {
  await sql`set local lock_timeout = '30s'; set local statement_timeout = '35s'`.execute(tx);
  const row = await tx
    .selectFrom("voucher_batch")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw notFound("voucher batch");
  return row;
}

async function setStatus(
  tx: Transaction<DB>,
  { project_id, id }: BatchRow,
  status: BatchRow["status"],
  at: Date,
): Promise<BatchWire> {
  const row = await tx
    .updateTable("voucher_batch")
    .set({ status, error: null, updated_at: at })
    .where("project_id", "=", project_id)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return batchToWire(row);
}

export function batchToWire(row: BatchRow): BatchWire {
  const template = batchTemplate.parse(row.template);
  return {
    id: row.id,
    campaign_id: row.campaign_id,
    status: row.status,
    size: row.size,
    done: row.done,
    pattern: patternSchema.parse(row.pattern),
    ...template,
    error: row.error,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
