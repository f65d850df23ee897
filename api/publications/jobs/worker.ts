/**
 * Publishes to the customers of running jobs. What a chunk hands out and how far the job is are one transaction, and a
 * customer's source id is of the job: whoever dies in between has given nothing, and nobody gets two.
 */
import { type Selectable, sql, type Transaction } from "kysely";
import type pg from "pg";
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

/** Half a second of work. Each delivery that is ordered takes some statements of its own. */
const chunkSize = { plain: 1_000, delivering: 200 };

type Job = Selectable<DB["publication_job"]>;

/** Runs until `signal` aborts. */
export async function runPublicationJobs(deps: ChunkDeps, signal: AbortSignal): Promise<void> {
  await runChunks<Job>(
    deps,
    {
      name: "publication jobs",
      claim: claimJob,
      work: publishChunk,
      giveUp: (job, reason) =>
        deps.pool.query(
          `update publication_job set status = 'failed', error = $3, updated_at = clock_timestamp()
           where project_id = $1 and id = $2 and status = 'running'`,
          [job.project_id, job.id, reason],
        ),
    },
    signal,
  );
}

async function claimJob(client: pg.PoolClient): Promise<Job | undefined> {
  const { rows } = await client.query<Job>(
    `select * from publication_job where status = 'running' order by updated_at, id limit 1 for update skip locked`,
  );
  return rows[0];
}

async function publishChunk(client: pg.PoolClient, job: Job): Promise<void> {
  // A chunk is a transaction of this connection.
  const tx = kyselyOn(client) as Transaction<DB>;
  const at = new Date();
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

async function nextMembers(tx: Transaction<DB>, job: Job, limit: number): Promise<Member[]> {
  const { rows } = await sql<{ customer_id: string; identifier: string | null; blocked: boolean | null }>`
    select m.customer_id, k.identifier, k.blocked from publication_job_member m
    left join customer k on k.project_id = m.project_id and k.id = m.customer_id
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
      cursor: job.cursor,
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
