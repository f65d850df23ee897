/** Looks after the stock of running campaigns: tells when it is low, and orders a batch where a campaign grows. */
import { setTimeout as delay } from "node:timers/promises";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Logger } from "pino";
import { appendEvents } from "../../../ingest/outbox.ts";
import type { DB } from "../../db/tables.ts";
import { Problem } from "../../http/problem.ts";
import { newId } from "../../ids.ts";
import { createBatch } from "../../vouchers/batches.ts";
import { type AutoGrow, parseAutoGrow } from "../auto-grow-schema.ts";
import { claimGrowth } from "../grow.ts";
import { countFree } from "../take-stock.ts";

const everyMs = 10_000;

export interface StockDeps {
  readonly db: Kysely<DB>;
  readonly log: Logger;
}

/** Runs until `signal` aborts; any number may run at once. */
export async function watchStock(deps: StockDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await lookAtStocks(deps, new Date());
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

interface Watched {
  readonly project_id: string;
  readonly id: string;
  readonly name: string;
  readonly low_stock: number | null;
  readonly auto_grow: unknown;
}

/** One campaign a transaction: what fails at one, others do not feel. */
export async function lookAtStocks({ db, log }: StockDeps, at: Date): Promise<void> {
  const { rows } = await sql<Watched>`
    select project_id, id, name, low_stock, auto_grow from campaign
    where type = 'sub' and status = 'active' and (low_stock is not null or auto_grow is not null)
      and (ends_at is null or ends_at > ${at}::timestamptz)
    order by project_id, id
  `.execute(db);
  for (const campaign of rows) {
    try {
      await db.transaction().execute((tx) => lookAtStock(tx, campaign, at));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      log.warn({ campaign: campaign.id, code: error.code }, "a campaign cannot grow");
    }
  }
}

async function lookAtStock(tx: Transaction<DB>, campaign: Watched, at: Date): Promise<void> {
  const { project_id, id } = campaign;
  const grow = parseAutoGrow(campaign.auto_grow);
  const upTo = Math.max(campaign.low_stock ?? 0, grow?.below ?? 0) + 1;
  const free = await countFree(tx, project_id, id, at, upTo);
  await sql`
    insert into campaign_stock (project_id, campaign_id) values (${project_id}, ${id}) on conflict do nothing
  `.execute(tx);
  // Of several watchers one looks; the others come again.
  const stock = await tx
    .selectFrom("campaign_stock")
    .selectAll()
    .where("project_id", "=", project_id)
    .where("campaign_id", "=", id)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (!stock) return;
  await tellWhenLow(tx, campaign, stock.low_stock_at, free, at);
  if (grow !== null && free < grow.below) await orderBatch(tx, campaign, grow, stock.batch_id, at);
}

async function tellWhenLow(
  tx: Transaction<DB>,
  { project_id, id, name, low_stock }: Watched,
  toldAt: Date | null,
  free: number,
  at: Date,
): Promise<void> {
  const isLow = low_stock !== null && free <= low_stock;
  if (isLow === (toldAt !== null)) return;
  await tx
    .updateTable("campaign_stock")
    .set({ low_stock_at: isLow ? at : null })
    .where("project_id", "=", project_id)
    .where("campaign_id", "=", id)
    .execute();
  if (!isLow) return;
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id,
      type: "campaign.low_stock",
      version: 1,
      occurred_at: at.toISOString(),
      payload: { campaign_id: id, name, left: free, low_stock },
    },
  ]);
}

/** None while the last one is being made, nor after one that failed: somebody has to look at the pattern first. */
async function orderBatch(
  tx: Transaction<DB>,
  { project_id, id }: Watched,
  grow: AutoGrow,
  lastBatch: string | null,
  at: Date,
): Promise<void> {
  if (lastBatch !== null) {
    const last = await tx
      .selectFrom("voucher_batch")
      .select("status")
      .where("project_id", "=", project_id)
      .where("id", "=", lastBatch)
      .executeTakeFirst();
    if (last?.status === "running" || last?.status === "failed") return;
  }
  const size = await claimGrowth(tx, project_id, id, grow.size, grow.max ?? Number.MAX_SAFE_INTEGER);
  if (size === 0) return;
  const input = { size, pattern: grow.pattern, weak_pattern: "accept" } as const;
  const batch = await createBatch(tx, project_id, id, input, at);
  await tx
    .updateTable("campaign_stock")
    .set({ batch_id: batch.id })
    .where("project_id", "=", project_id)
    .where("campaign_id", "=", id)
    .execute();
}
