/**
 * Makes the codes of running batches. A chunk and the batch's progress are one transaction, so that exactly `done` codes
 * are there whenever one looks.
 */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { z } from "zod";
import { appendEvents } from "../../ingest/outbox.ts";
import { type CodePattern, codeSource, patternCapacity } from "../domain/codes.ts";
import { newId, newIds } from "../ids.ts";
import { balancePart } from "./announce.ts";
import { type ChunkDeps, runChunks, sqlState } from "./chunks.ts";
import { kyselyOn } from "./kysely-on.ts";
import { batchTemplate, patternSchema } from "./schemas.ts";

/** A chunk of this size takes about a second, and that is how long its locks are held. */
const chunkSize = 50_000;
const blockSize = 1_000;
/** Rounds of replacing codes that exist already. The pattern has far more codes than a batch, so two are usual. */
const topUpRoundsMax = 50;

interface RunningBatch {
  readonly projectId: string;
  readonly id: string;
  readonly campaignId: string;
  readonly size: number;
  readonly done: number;
  readonly pattern: CodePattern;
  readonly template: z.infer<typeof batchTemplate>;
}

type BatchStatus = "running" | "done" | "failed";

const uniqueViolation = "23505";

/** Runs until `signal` aborts. */
export async function runVoucherBatches(deps: ChunkDeps, signal: AbortSignal): Promise<void> {
  // Batches whose codes met existing ones: COPY stops at the first such code, so they go another way.
  const crowded = new Set<string>();
  const ahead: DrawnAhead = { batchId: "", codes: new Set() };
  await runChunks<RunningBatch>(
    deps,
    {
      name: "voucher batches",
      claim: claimBatch,
      async work(client, batch) {
        const status = await makeChunk(client, batch, crowded.has(batch.id), ahead);
        if (status !== "running") crowded.delete(batch.id);
      },
      failed: (batch, error) => sqlState(error) === uniqueViolation && Boolean(crowded.add(batch.id)),
      giveUp: (batch, reason) =>
        deps.pool.query(
          `update voucher_batch set status = 'failed', error = $3, updated_at = clock_timestamp()
           where project_id = $1 and id = $2 and status = 'running'`,
          [batch.projectId, batch.id, reason],
        ),
    },
    signal,
  );
}

async function claimBatch(client: pg.PoolClient): Promise<RunningBatch | undefined> {
  const result = await client.query(
    `select project_id, id, campaign_id, size, done, pattern, template from voucher_batch
     where status = 'running' order by updated_at, id limit 1 for update skip locked`,
  );
  const row = result.rows[0];
  if (row === undefined) return undefined;
  return {
    projectId: row.project_id,
    id: row.id,
    campaignId: row.campaign_id,
    size: row.size,
    done: row.done,
    pattern: patternSchema.parse(row.pattern) as CodePattern,
    template: batchTemplate.parse(row.template),
  };
}

/** Codes of a batch's next chunk, drawn while Postgres takes in this one. */
interface DrawnAhead {
  batchId: string;
  codes: Set<string>;
}

async function makeChunk(
  client: pg.PoolClient,
  batch: RunningBatch,
  crowded: boolean,
  ahead: DrawnAhead,
): Promise<BatchStatus> {
  const wanted = Math.min(chunkSize, batch.size - batch.done);
  const nextCode = codeSource(batch.pattern, randomBytes);
  const codes = ahead.batchId === batch.id ? ahead.codes : new Set<string>();
  ahead.batchId = batch.id;
  ahead.codes = new Set();
  const next = Math.min(chunkSize, batch.size - batch.done - wanted);
  const made = crowded
    ? await insertAround(client, batch, wanted, nextCode)
    : await copyVouchers(client, batch, draw(wanted, nextCode, codes), () =>
        draw(Math.min(next, ahead.codes.size + blockSize), nextCode, ahead.codes),
      );
  const done = batch.done + made;
  const status: BatchStatus = done === batch.size ? "done" : made === wanted ? "running" : "failed";
  const error = status === "failed" ? "Nearly all codes of the pattern exist already." : null;
  await client.query(
    `update voucher_batch set done = $3, status = $4, error = $5, updated_at = clock_timestamp()
     where project_id = $1 and id = $2`,
    [batch.projectId, batch.id, done, status, error],
  );
  if (status === "done") await announceCompleted(client, batch);
  return status;
}

/** Adds different codes until there are so many. */
function draw(count: number, nextCode: () => string, codes = new Set<string>()): Set<string> {
  while (codes.size < count) codes.add(nextCode());
  return codes;
}

const copied =
  "project_id, id, code, campaign_id, kind, status, redemptions_max, balance_amount, balance_initial, batch_id, starts_at, expires_at, metadata, created_at, updated_at";

/**
 * In the order of their codes: two workers then wait for each other at most, and never in a circle.
 *
 * @param meanwhile is done between two blocks, while Postgres has enough to do.
 */
async function copyVouchers(
  client: pg.PoolClient,
  batch: RunningBatch,
  drawn: ReadonlySet<string>,
  meanwhile: () => void,
): Promise<number> {
  const codes = [...drawn].sort();
  const at = new Date().toISOString();
  const { kind, redemptions_max, balance_amount, starts_at, expires_at, metadata } = batch.template;
  const before = batch.projectId;
  const after = [
    batch.campaignId,
    kind,
    "created",
    redemptions_max ?? copyNull,
    balance_amount ?? copyNull,
    balance_amount ?? copyNull,
    batch.id,
    starts_at ?? copyNull,
    expires_at ?? copyNull,
    copyText(JSON.stringify(metadata)),
    at,
    at,
  ].join("\t");
  const blocks = function* () {
    // Ids are made as the rows go out: all at once they would hold up this process's requests.
    for (let start = 0; start < codes.length; start += blockSize) {
      const block = codes.slice(start, start + blockSize);
      const ids = newIds("vou", block.length);
      yield block.map((code, at) => `${before}\t${ids[at]}\t${code}\t${after}\n`).join("");
      meanwhile();
    }
  };
  const copy = client.query(copyFrom(`copy voucher (${copied}) from stdin`));
  await pipeline(Readable.from(blocks()), copy);
  return codes.length;
}

const copyNull = "\\N";

/** Escapes for COPY's text format; JSON has no raw control characters, only backslashes. */
function copyText(text: string): string {
  return text.replaceAll("\\", "\\\\");
}

/**
 * Inserts codes that are free and draws again for those that are not, many at a time: a pattern may be nearly full.
 * Fewer than `wanted` when hardly one in a hundred is free.
 */
async function insertAround(
  client: pg.PoolClient,
  batch: RunningBatch,
  wanted: number,
  nextCode: () => string,
): Promise<number> {
  const drawnMax = Number(patternCapacity(batch.pattern)) / 2;
  let missing = wanted;
  for (let round = 0; missing > 0 && round < topUpRoundsMax; round += 1) {
    const drawn = Math.min(Math.max(missing, 1000), drawnMax);
    const inserted = await insertFree(client, batch, [...draw(drawn, nextCode)], missing);
    // Rounds of a thousand are cheap and end by themselves; large ones are not worth it when next to nothing is free.
    const hopeless = missing >= drawn && inserted * 100 < drawn;
    missing -= inserted;
    if (hopeless) break;
  }
  return wanted - missing;
}

/** Takes the first `max` of the drawn that are free, not the lowest: those could be guessed. Written in COPY's order. */
async function insertFree(
  client: pg.PoolClient,
  batch: RunningBatch,
  drawn: readonly string[],
  max: number,
): Promise<number> {
  const { kind, redemptions_max, balance_amount, starts_at, expires_at, metadata } = batch.template;
  const result = await client.query(
    `insert into voucher (${copied})
     select $1, fresh.id, fresh.code, $2, $3, 'created', $4::bigint, $12::bigint, $12, $5, $6::timestamptz,
            $7::timestamptz, $8::jsonb, clock_timestamp(), clock_timestamp()
     from (
       select drawn.id, drawn.code from unnest($9::text[], $10::text[]) with ordinality as drawn (id, code, position)
       where not exists (select from voucher v where v.project_id = $1 and v.code = drawn.code)
       order by drawn.position limit $11
     ) fresh
     order by fresh.code
     on conflict (project_id, code) do nothing`,
    [
      batch.projectId,
      batch.campaignId,
      kind,
      redemptions_max,
      batch.id,
      starts_at,
      expires_at,
      JSON.stringify(metadata),
      newIds("vou", drawn.length),
      drawn,
      max,
      balance_amount,
    ],
  );
  return result.rowCount ?? 0;
}

async function announceCompleted(client: pg.PoolClient, batch: RunningBatch): Promise<void> {
  await appendEvents(kyselyOn(client), [
    {
      event_id: newId("evt"),
      project_id: batch.projectId,
      type: "voucher_batch.completed",
      version: 1,
      occurred_at: new Date().toISOString(),
      payload: {
        batch_id: batch.id,
        campaign_id: batch.campaignId,
        size: batch.size,
        kind: batch.template.kind,
        expires_at: batch.template.expires_at,
        ...balancePart(batch.template.balance_amount),
      },
    },
  ]);
}
