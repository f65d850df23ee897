/** Jobs that publish to many: ordered, read, paused and ended here, done by `worker.ts`. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { ensureCustomers } from "../../customers/ensure.ts";
import type { DB } from "../../db/tables.ts";
import { invalid, notFound, Problem } from "../../http/problem.ts";
import { newId } from "../../ids.ts";
import { checkedTarget, refused } from "../publish.ts";
import { refusalOf } from "../publish-from-campaign.ts";
import { holdPublicationRules } from "../rules.ts";
import { deliverSchema } from "../schemas.ts";
import { announceFinished } from "./announce.ts";
import type { JobInput, JobWire } from "./schemas.ts";

export type JobRow = Selectable<DB["publication_job"]>;

/** Members are written down within the request: more would hold it up for longer than clients wait. */
const membersMax = 1_000_000;
/** New customers are rows of parameters, of which a statement has 65,535. */
const ensuredAtOnce = 500;

export type NewJob = Pick<JobInput, "campaign_id" | "deliver" | "channel" | "name">;

/** @throws Problem 400, 404, 409 when its campaign has nothing to hand out, or there is no such segment. */
export async function createJob(tx: Transaction<DB>, projectId: string, input: JobInput, at: Date): Promise<JobWire> {
  const job = await insertJob(tx, projectId, input, "running", input.to.segment_id ?? null, at);
  const total =
    input.to.customers === undefined
      ? await addSegment(tx, projectId, job.id, input.to.segment_id ?? "")
      : await addCustomers(
          tx,
          projectId,
          job.id,
          input.to.customers.map(({ identifier }) => identifier),
          at,
        );
  return jobToWire({ ...job, total });
}

export async function insertJob(
  tx: Transaction<DB>,
  projectId: string,
  input: NewJob,
  status: "running" | "receiving",
  segmentId: string | null,
  at: Date,
): Promise<JobRow> {
  const refusal = refusalOf(await holdPublicationRules(tx, projectId, input.campaign_id), at);
  if (refusal !== undefined) throw refused(refusal);
  if (input.deliver) await checkedTarget(tx, projectId, input.deliver);
  return tx
    .insertInto("publication_job")
    .values({
      project_id: projectId,
      id: newId("job"),
      name: input.name ?? null,
      campaign_id: input.campaign_id,
      segment_id: segmentId,
      channel: input.channel ?? "job",
      deliver: input.deliver === undefined ? null : JSON.stringify(input.deliver),
      status,
      created_at: at,
      updated_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** One statement, and so its members of one instant. */
async function addSegment(tx: Transaction<DB>, projectId: string, jobId: string, segmentId: string): Promise<number> {
  const segment = await tx
    .selectFrom("segment")
    .select("id")
    .where("project_id", "=", projectId)
    .where("id", "=", segmentId)
    .executeTakeFirst();
  if (!segment) throw invalid("/to/segment_id", "There is no such segment.");
  const { numAffectedRows = 0n } = await sql`
    insert into publication_job_member (project_id, job_id, customer_id)
    select project_id, ${jobId}, customer_id from segment_member
    where project_id = ${projectId} and segment_id = ${segmentId} limit ${membersMax + 1}
  `.execute(tx);
  if (numAffectedRows > BigInt(membersMax)) {
    throw invalid("/to/segment_id", `The segment has more than ${membersMax} members.`);
  }
  return countTotal(tx, projectId, jobId, Number(numAffectedRows));
}

/** Makes customers who were never seen before. @returns the job's members in all */
export async function addCustomers(
  tx: Transaction<DB>,
  projectId: string,
  jobId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<number> {
  const ids: string[] = [];
  for (let start = 0; start < identifiers.length; start += ensuredAtOnce) {
    const some = identifiers.slice(start, start + ensuredAtOnce);
    ids.push(...(await ensureCustomers(tx, projectId, some, at)));
  }
  const { numAffectedRows = 0n } = await sql`
    insert into publication_job_member (project_id, job_id, customer_id)
    select ${projectId}, ${jobId}, m.id from unnest(${ids}::text[]) m(id) on conflict do nothing
  `.execute(tx);
  return countTotal(tx, projectId, jobId, Number(numAffectedRows));
}

async function countTotal(tx: Transaction<DB>, projectId: string, jobId: string, more: number): Promise<number> {
  const row = await tx
    .updateTable("publication_job")
    .set((eb) => ({ total: eb("total", "+", more) }))
    .where("project_id", "=", projectId)
    .where("id", "=", jobId)
    .returning("total")
    .executeTakeFirstOrThrow();
  if (row.total > membersMax) throw new Problem("payload_too_large", `A job has at most ${membersMax} customers.`);
  return row.total;
}

export function findJob(db: Kysely<DB>, projectId: string, id: string): Promise<JobRow | undefined> {
  return db
    .selectFrom("publication_job")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Newest first. Uploads that are still coming, or broke off, are not shown. */
export function listJobs(
  db: Kysely<DB>,
  projectId: string,
  campaignId: string | undefined,
  page: { readonly limit: number; readonly before: string | undefined },
): Promise<JobRow[]> {
  return db
    .selectFrom("publication_job")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("status", "<>", "receiving")
    .$if(campaignId !== undefined, (q) => q.where("campaign_id", "=", campaignId ?? ""))
    .$if(page.before !== undefined, (q) => q.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}

const moves = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused"], to: "running" },
  cancel: { from: ["running", "paused"], to: "cancelled" },
} as const;
export type Move = keyof typeof moves;

/** Waits for the chunk that is being published. Doing it again changes nothing. @throws Problem `conflict` */
export async function moveJob(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  move: Move,
  at: Date,
): Promise<JobWire> {
  await sql`set local lock_timeout = '30s'; set local statement_timeout = '35s'`.execute(tx);
  const row = await tx
    .selectFrom("publication_job")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw notFound("publication job");
  const { from, to } = moves[move];
  if (row.status === to) return jobToWire(row);
  if (!from.some((status) => status === row.status)) {
    throw new Problem("conflict", `A job that is ${row.status} cannot be ${to === "running" ? "resumed" : to}.`);
  }
  const moved = await tx
    .updateTable("publication_job")
    .set({ status: to, error: null, updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (to === "cancelled") await announceFinished(tx, moved, at);
  return jobToWire(moved);
}

export function jobToWire(row: JobRow): JobWire {
  return {
    id: row.id,
    name: row.name,
    campaign_id: row.campaign_id,
    segment_id: row.segment_id,
    channel: row.channel,
    deliver: deliverSchema.nullable().parse(row.deliver),
    status: row.status,
    total: row.total,
    published: row.published,
    skipped: row.skipped,
    failed: row.failed,
    faults: row.faults,
    error: row.error,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
