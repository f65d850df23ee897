/**
 * Publishes to the customers of running jobs. What a chunk hands out and how far the job is are one transaction, and a
 * customer's source id is of the job: whoever dies in between has given nothing, and nobody gets two.
 */
import { type Selectable, sql, type Transaction } from "kysely";
import type pg from "pg";
import { createKysely } from "../../db/kysely.ts";
import type { DB } from "../../db/tables.ts";
import { type ChunkDeps, runChunks } from "../../vouchers/chunks.ts";
import { kyselyOn } from "../../vouchers/kysely-on.ts";
import { deliverPublications } from "../deliver.ts";
import { type Given, giveVouchers, type Recipient } from "../give.ts";
import { refusalOf } from "../publish-from-campaign.ts";
import { holdPublicationRules } from "../rules.ts";
import { deliverSchema } from "../schemas.ts";
import { hasFree } from "../take-stock.ts";
import { announceFinished } from "./announce.ts";
import { writeSegmentSlice } from "./members.ts";

/** Half a second of work. Each delivery that is ordered takes some statements of its own. */
const chunkSize = { plain: 1_000, delivering: 200 };

type Job = Selectable<DB["publication_job"]>;

/** Failures in a row: nearly nine minutes. */
const attemptsMax = 10;
const pauseMaxSeconds = 300;

/** Runs until `signal` aborts. */
export async function runPublicationJobs(deps: ChunkDeps, signal: AbortSignal): Promise<void> {
  await runChunks<Job>(
    deps,
    {
      name: "publication jobs",
      claim: claimJob,
      work: workAtJob,
      giveUp: (job) => noteFailure(deps.pool, job, 1),
      postpone: (job) => noteFailure(deps.pool, job, attemptsMax),
    },
    signal,
  );
}

/**
 * The project's turn for which nothing was done the longest, and of its jobs that one's: neither one large job nor many
 * of one project hold up what others order.
 */
async function claimJob(client: pg.PoolClient): Promise<Job | undefined> {
  const { rows } = await client.query<Job>(
    `select j.* from publication_job j
     where j.status = 'running' and (j.next_at is null or j.next_at <= clock_timestamp())
     order by (select max(o.worked_at) from publication_job o where o.project_id = j.project_id) nulls first,
              j.updated_at, j.id
     limit 1 for update of j skip locked`,
  );
  return rows[0];
}

/**
 * The next try comes after 1, 2, 4 … 256 s; after so many in a row the job has failed, and is resumed by hand. Why is in the
 * log: what a database says of its rows is nothing to be shown.
 */
async function noteFailure(pool: pg.Pool, { project_id, id }: Job, triesMax: number): Promise<void> {
  await createKysely(pool)
    .transaction()
    .execute(async (tx) => {
      const job = await tx
        .selectFrom("publication_job")
        .selectAll()
        .where("project_id", "=", project_id)
        .where("id", "=", id)
        .where("status", "=", "running")
        .forUpdate()
        .executeTakeFirst();
      if (!job) return;
      const at = new Date();
      const attempts = job.attempts + 1;
      // It was the project's turn: many that fail do not keep the others waiting.
      const tried = { ...job, attempts, worked_at: at };
      const pauseSeconds = Math.min(2 ** job.attempts, pauseMaxSeconds);
      const next =
        attempts >= triesMax
          ? { ...tried, status: "failed" as const, error: "internal" }
          : { ...tried, next_at: new Date(at.getTime() + pauseSeconds * 1_000) };
      await saveProgress(tx, next, at);
    });
}

async function workAtJob(client: pg.PoolClient, job: Job): Promise<void> {
  // A chunk is a transaction of this connection.
  const tx = kyselyOn(client) as Transaction<DB>;
  const at = new Date();
  const fresh = { ...job, attempts: 0, next_at: null, worked_at: at };
  if (job.segment_cursor === null) return publishChunk(tx, fresh, at);
  const result = await writeSegmentSlice(tx, fresh);
  const counted = { ...fresh, total: result.total };
  if (result.outcome === "refused") return saveProgress(tx, { ...counted, status: "failed", error: result.reason }, at);
  await saveProgress(tx, { ...counted, segment_cursor: result.segment_cursor }, at);
}

async function publishChunk(tx: Transaction<DB>, job: Job, at: Date): Promise<void> {
  const deliver = deliverSchema.nullable().parse(job.deliver);
  const size = deliver === null ? chunkSize.plain : chunkSize.delivering;
  const members = await nextMembers(tx, job, size);
  const recipients = members.filter((each) => each.identifier !== null) as Recipient[];
  const rules = await holdPublicationRules(tx, job.project_id, job.campaign_id);
  const refusal = refusalOf(rules, at);
  if (rules === undefined || refusal !== undefined) {
    return saveProgress(tx, { ...job, status: "failed", error: refusal ?? "campaign_unknown" }, at);
  }
  const options = { channel: job.channel, jobId: job.id };
  const given = await giveVouchers(tx, job.project_id, rules, recipients, options, at);
  const outcomes = new Map(recipients.map(({ customerId }, place) => [customerId, given[place]]));
  // Whoever comes after the first who finds nothing is left for later, also those who would get nothing anyway.
  const short = members.findIndex(({ customerId }) => isOutOfStock(outcomes.get(customerId)));
  const done = short === -1 ? members : members.slice(0, short);
  const skipped = { ...job.skipped };
  const published = [];
  for (const { customerId } of done) {
    const outcome = outcomes.get(customerId);
    if (outcome?.outcome === "published") {
      published.push({ publication: outcome.publication, customerId });
      continue;
    }
    const reason =
      outcome === undefined ? "customer_gone" : outcome.outcome === "refused" ? outcome.reason : "repeated";
    skipped[reason] = (skipped[reason] ?? 0) + 1;
  }
  if (deliver !== null) {
    const by = { channelId: deliver.channel_id, templateId: deliver.template_id };
    await deliverPublications(tx, job.project_id, by, published, at);
  }
  const moved = {
    ...job,
    cursor: done.at(-1)?.customerId ?? job.cursor,
    published: job.published + published.length,
    skipped,
  };
  if (short === -1) {
    await saveProgress(tx, { ...moved, status: members.length < size ? "done" : "running" }, at);
    return;
  }
  // What others are taking right now may come back.
  const isEmpty = !(await hasFree(tx, job.project_id, job.campaign_id, at));
  await saveProgress(tx, isEmpty ? { ...moved, status: "paused", error: "out_of_stock" } : moved, at);
}

function isOutOfStock(given: Given | undefined): boolean {
  return given?.outcome === "refused" && given.reason === "out_of_stock";
}

type Member = Omit<Recipient, "identifier"> & { readonly identifier: string | null };

/** What stays of somebody who was erased is nobody to give anything to. */
async function nextMembers(tx: Transaction<DB>, job: Job, limit: number): Promise<Member[]> {
  const { rows } = await sql<{ customer_id: string; identifier: string | null; blocked: boolean | null }>`
    select m.customer_id, k.identifier, k.blocked from publication_job_member m
    left join customer k on k.project_id = m.project_id and k.id = m.customer_id
      and k.id <> all(array(select unnest(e.customer_ids) from erasure e where e.project_id = ${job.project_id}))
    where m.project_id = ${job.project_id} and m.job_id = ${job.id} and m.customer_id > ${job.cursor}
    order by m.customer_id limit ${limit}
  `.execute(tx);
  return rows.map((row) => ({
    customerId: row.customer_id,
    identifier: row.identifier,
    blocked: row.blocked === true,
    sourceId: `${job.id}:${row.customer_id}`,
  }));
}

async function saveProgress(tx: Transaction<DB>, job: Job, at: Date): Promise<void> {
  await tx
    .updateTable("publication_job")
    .set({
      total: job.total,
      segment_cursor: job.segment_cursor,
      cursor: job.cursor,
      attempts: job.attempts,
      next_at: job.next_at,
      worked_at: job.worked_at,
      published: job.published,
      skipped: JSON.stringify(job.skipped),
      status: job.status,
      error: job.error,
      updated_at: at,
    })
    .where("project_id", "=", job.project_id)
    .where("id", "=", job.id)
    .execute();
  await announceFinished(tx, job, at);
}
