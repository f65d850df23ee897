/**
 * Does the jobs on many vouchers, a chunk at a time. Vouchers are locked by code, like everywhere, and get a new version,
 * so that a decision that was made for the one before is refused.
 */
import type pg from "pg";
import type { DB } from "../../db/tables.ts";
import { normalizeCode } from "../../domain/codes.ts";
import { announceVouchers } from "../announce.ts";
import { type ChunkDeps, runChunks } from "../chunks.ts";
import { kyselyOn } from "../kysely-on.ts";
import { assignChunk } from "./assign.ts";
import type { JobError, JobItem, JobVoucher, RunningJob } from "./chunk.ts";
import { lockVouchers } from "./lock.ts";

const chunkSize = 1_000;
/** More errors than this are counted, not kept. */
const errorsKeptMax = 100_000;

/** Runs until `signal` aborts. */
export async function runVoucherJobs(deps: ChunkDeps, signal: AbortSignal): Promise<void> {
  await runChunks<RunningJob>(
    deps,
    {
      name: "voucher jobs",
      claim: claimJob,
      work: doChunk,
      giveUp: (job, reason) =>
        deps.pool.query(
          `update voucher_job set status = 'failed', error = $3, updated_at = clock_timestamp()
           where project_id = $1 and id = $2 and status = 'running'`,
          [job.projectId, job.id, reason],
        ),
    },
    signal,
  );
}

async function claimJob(client: pg.PoolClient): Promise<RunningJob | undefined> {
  const result = await client.query(
    `select project_id, id, action, campaign_id, batch_id, expires_at, cursor, upto, failed from voucher_job
     where status = 'running' order by updated_at, id limit 1 for update skip locked`,
  );
  const row = result.rows[0];
  if (row === undefined) return undefined;
  return {
    projectId: row.project_id,
    id: row.id,
    action: row.action,
    campaignId: row.campaign_id,
    batchId: row.batch_id,
    expiresAt: row.expires_at,
    cursor: row.cursor,
    upto: row.upto,
    failed: row.failed,
  };
}

async function doChunk(client: pg.PoolClient, job: RunningJob): Promise<void> {
  const named = job.campaignId === null && job.batchId === null;
  const chunk = named ? await namedChunk(client, job) : await walkedChunk(client, job);
  const { changed, errors } = await change(client, job, chunk.items);
  const failed = [...chunk.errors, ...errors];
  if (job.failed < errorsKeptMax) {
    await client.query(
      `insert into voucher_job_error (project_id, job_id, code, reason)
       select $1, $2, e.code, e.reason from jsonb_to_recordset($3::jsonb) as e(code text, reason text)`,
      [job.projectId, job.id, JSON.stringify(failed)],
    );
  }
  await client.query(
    `update voucher_job
     set cursor = $3, done = done + $4, changed = changed + $5, failed = failed + $6,
         status = case when $7 then 'done' else status end, updated_at = clock_timestamp()
     where project_id = $1 and id = $2`,
    [job.projectId, job.id, chunk.cursor, chunk.size, changed, failed.length, chunk.size < chunkSize],
  );
}

interface Chunk {
  readonly items: readonly JobItem[];
  readonly errors: readonly JobError[];
  /** Rows looked at: fewer than the chunk's size means the end. */
  readonly size: number;
  readonly cursor: string;
}

/** Counts on `voucher_by_campaign` and `voucher_by_batch`. */
async function walkedChunk(client: pg.PoolClient, job: RunningJob): Promise<Chunk> {
  const column = job.batchId === null ? "campaign_id" : "batch_id";
  const { rows } = await client.query<{ id: string; code: string }>(
    `select id, code from voucher where project_id = $1 and ${column} = $2 and id > $3 and id < $4
     order by id limit $5`,
    [job.projectId, job.batchId ?? job.campaignId, job.cursor, job.upto, chunkSize],
  );
  const items = rows.map(({ code }) => ({ code, typed: code, customer: null }));
  return { items, errors: [], size: rows.length, cursor: rows.at(-1)?.id ?? job.cursor };
}

async function namedChunk(client: pg.PoolClient, job: RunningJob): Promise<Chunk> {
  const { rows } = await client.query<{ position: number; code: string; customer: string | null }>(
    `select "position", code, customer from voucher_job_item
     where project_id = $1 and job_id = $2 and "position" > $3::int order by "position" limit $4`,
    [job.projectId, job.id, job.cursor === "" ? 0 : job.cursor, chunkSize],
  );
  const items: JobItem[] = [];
  const errors: JobError[] = [];
  const seen = new Set<string>();
  for (const { code: typed, customer } of rows) {
    const code = normalizeCode(typed);
    if (code === null) errors.push({ code: typed, reason: "There is no such voucher." });
    else if (seen.has(code)) errors.push({ code: typed, reason: "The code was given before." });
    else {
      seen.add(code);
      items.push({ code, typed, customer });
    }
  }
  return { items, errors, size: rows.length, cursor: String(rows.at(-1)?.position ?? job.cursor) };
}

async function change(
  client: pg.PoolClient,
  job: RunningJob,
  items: readonly JobItem[],
): Promise<{ changed: number; errors: readonly JobError[] }> {
  const at = new Date();
  if (job.action === "assign") return assignChunk(client, job, items, at);
  const found = await lockVouchers(client, job.projectId, items);
  const known = new Set(found.map((voucher) => voucher.code));
  const errors = items
    .filter(({ code }) => !known.has(code))
    .map(({ typed }) => ({ code: typed, reason: "There is no such voucher." }));
  const end = job.action === "expire" ? job.expiresAt : null;
  const unable = end === null ? [] : found.filter((voucher) => voucher.starts_at !== null && voucher.starts_at >= end);
  errors.push(...unable.map(({ code }) => ({ code, reason: "It would end before it starts." })));
  const able = found.filter((voucher) => !unable.includes(voucher));
  const changed = await updateVouchers(client, job, able, at);
  return { changed, errors };
}

const changes: Record<
  Exclude<DB["voucher_job"]["action"], "assign">,
  { readonly set: string; readonly where: string }
> = {
  disable: { set: "status = 'disabled'", where: "v.status <> 'disabled'" },
  // Back to where it was before it was disabled.
  enable: {
    set: `status = case
            when v.redemptions_count >= v.redemptions_max or v.balance_amount = 0 then 'redeemed'
            when exists (select from publication p
                         where p.project_id = v.project_id and p.customer_id = v.customer_id and p.voucher_id = v.id)
            then 'distributed' else 'created' end`,
    where: "v.status = 'disabled'",
  },
  expire: { set: "expires_at = $4::timestamptz", where: "v.expires_at is distinct from $4::timestamptz" },
};

const announcements = {
  disable: "voucher.disabled",
  enable: "voucher.enabled",
  expire: "voucher.expiry_changed",
} as const;

async function updateVouchers(
  client: pg.PoolClient,
  job: RunningJob,
  vouchers: readonly JobVoucher[],
  at: Date,
): Promise<number> {
  if (job.action === "assign") throw new Error("assigning has its own way");
  const { set, where } = changes[job.action];
  const parameters = [job.projectId, vouchers.map((voucher) => voucher.id), at];
  const { rows } = await client.query<JobVoucher & { customer: string | null }>(
    `with changed as (
       update voucher v set ${set}, version = v.version + 1, updated_at = $3
       where v.project_id = $1 and v.id = any($2::text[]) and ${where}
       returning v.id, v.code, v.campaign_id, v.kind, v.customer_id, v.balance_amount, v.batch_id,
                 v.expires_at)
     select changed.*, k.identifier as customer from changed
     left join customer k on k.project_id = $1 and k.id = changed.customer_id order by changed.code`,
    job.action === "expire" ? [...parameters, job.expiresAt] : parameters,
  );
  const announced = rows.map((row) => ({
    ...row,
    customer: row.customer === null ? null : { identifier: row.customer },
  }));
  await announceVouchers(kyselyOn(client), job.projectId, announcements[job.action], announced, at.toISOString());
  return rows.length;
}
