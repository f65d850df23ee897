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
/** Of its time a watcher spends at most so much counting one campaign: a hundredth. */
const restFactor = 100;

export interface StockDeps {
  readonly db: Kysely<DB>;
  readonly log: Logger;
}

/** Runs until `signal` aborts; any number may run at once. */
export async function watchStock(deps: StockDeps, signal: AbortSignal): Promise<void> {
  let rests: Rests = new Map();
  while (!signal.aborted) {
    rests = await lookAtStocks(deps, new Date(), rests);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Until when a campaign is left alone that took long to count, by its id. */
type Rests = ReadonlyMap<string, number>;

interface Watched {
  readonly project_id: string;
  readonly id: string;
  readonly name: string;
  readonly low_stock: number | null;
  readonly auto_grow: unknown;
  readonly low_stock_at: Date | null;
}

/** What fails at one campaign, others do not feel. Most have nothing to tell, and are counted and nothing else. */
export async function lookAtStocks({ db, log }: StockDeps, at: Date, rests: Rests = new Map()): Promise<Rests> {
  const { rows } = await sql<Watched>`
    select c.project_id, c.id, c.name, c.low_stock, c.auto_grow, s.low_stock_at from campaign c
    left join campaign_stock s on s.project_id = c.project_id and s.campaign_id = c.id
    where c.type = 'sub' and c.status = 'active' and (c.low_stock is not null or c.auto_grow is not null)
      and (c.ends_at is null or c.ends_at > ${at}::timestamptz)
    order by c.project_id, c.id
  `.execute(db);
  const next = new Map<string, number>();
  for (const campaign of rows) {
    const rest = rests.get(campaign.id) ?? 0;
    if (rest > at.getTime()) {
      next.set(campaign.id, rest);
      continue;
    }
    const began = performance.now();
    try {
      const { isLow, isBelow } = await countStock(db, campaign, at);
      if (isBelow || isLow !== (campaign.low_stock_at !== null)) {
        await db.transaction().execute((tx) => lookAtStock(tx, campaign, at));
      }
    } catch (error) {
      if (error instanceof Problem) log.warn({ campaign: campaign.id, code: error.code }, "a campaign cannot grow");
      else log.error({ campaign: campaign.id, err: error }, "a campaign's stock was not looked at");
    }
    const restMs = (performance.now() - began) * restFactor;
    if (restMs > everyMs) next.set(campaign.id, at.getTime() + restMs);
  }
  return next;
}

/** No further than the marks go. */
async function countStock(db: Kysely<DB>, { project_id, id, low_stock, auto_grow }: Watched, at: Date) {
  const grow = parseAutoGrow(auto_grow);
  const upTo = Math.max(low_stock ?? 0, grow?.below ?? 0) + 1;
  const free = await countFree(db, project_id, id, at, upTo);
  return { free, grow, isLow: low_stock !== null && free <= low_stock, isBelow: grow !== null && free < grow.below };
}

async function lookAtStock(tx: Transaction<DB>, campaign: Watched, at: Date): Promise<void> {
  const { project_id, id } = campaign;
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
  const { free, grow, isLow, isBelow } = await countStock(tx, campaign, at);
  await tellWhenLow(tx, campaign, { isLow, toldAt: stock.low_stock_at, free }, at);
  if (grow !== null && isBelow) await orderBatch(tx, campaign, grow, stock.batch_id, at);
}

async function tellWhenLow(
  tx: Transaction<DB>,
  { project_id, id, name, low_stock }: Watched,
  { isLow, toldAt, free }: { readonly isLow: boolean; readonly toldAt: Date | null; readonly free: number },
  at: Date,
): Promise<void> {
  if (isLow === (toldAt !== null)) return;
  await tx
    .updateTable("campaign_stock")
    .set({ low_stock_at: isLow ? at : null })
    .where("project_id", "=", project_id)
    .where("campaign_id", "=", id)
    .execute();
  if (!isLow || low_stock === null) return;
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
