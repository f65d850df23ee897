/** Jobs that publish to many: ordered, read, paused and ended here, done by `worker.ts`. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../../db/tables.ts";
import { invalid, notFound, Problem } from "../../http/problem.ts";
import { newId } from "../../ids.ts";
import { checkedTarget, refused } from "../publish.ts";
import { refusalOf } from "../publish-from-campaign.ts";
import { holdPublicationRules } from "../rules.ts";
import { deliverSchema } from "../schemas.ts";
import { announceFinished } from "./announce.ts";
import { addCustomers } from "./members.ts";
import type { JobInput, JobWire } from "./schemas.ts";
import { membersKeptDays } from "./tidy.ts";

export type JobRow = Selectable<DB["publication_job"]>;

/** Of one project, running or receiving a file. */
const openMax = 100;
const dayMs = 24 * 3_600_000;

export type NewJob = Pick<JobInput, "campaign_id" | "deliver" | "channel" | "name">;

/** @throws Problem 400, 404, 409 when its campaign has nothing to hand out, or there is no such segment. */
export async function createJob(tx: Transaction<DB>, projectId: string, input: JobInput, at: Date): Promise<JobWire> {
  const { segment_id: segmentId = null, customers = [] } = input.to;
  if (segmentId !== null) await refuseNoSegment(tx, projectId, segmentId);
  const job = await insertJob(tx, projectId, input, "running", segmentId, at);
  // A segment's members may be many: the worker writes them down.
  if (segmentId !== null) return jobToWire(job);
  const identifiers = customers.map(({ identifier }) => identifier);
  return jobToWire({ ...job, total: await addCustomers(tx, projectId, job.id, identifiers, at) });
}

async function refuseNoSegment(tx: Transaction<DB>, projectId: string, segmentId: string): Promise<void> {
  const segment = await tx
    .selectFrom("segment")
    .select("id")
    .where("project_id", "=", projectId)
    .where("id", "=", segmentId)
    .where("deleting_at", "is", null)
    .executeTakeFirst();
  if (!segment) throw invalid("/to/segment_id", "There is no such segment.");
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
  await refuseTooManyOpen(tx, projectId);
  return tx
    .insertInto("publication_job")
    .values({
      project_id: projectId,
      id: newId("job"),
      name: input.name ?? null,
      campaign_id: input.campaign_id,
      segment_id: segmentId,
      segment_cursor: segmentId === null ? null : "",
      channel: input.channel ?? "job",
      deliver: input.deliver === undefined ? null : JSON.stringify(input.deliver),
      status,
      created_at: at,
      updated_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Counted on `publication_job_open`; two that are ordered at once may be one more. */
async function refuseTooManyOpen(tx: Transaction<DB>, projectId: string): Promise<void> {
  const open = await tx
    .selectFrom("publication_job")
    .select("id")
    .where("project_id", "=", projectId)
    .where("status", "in", ["running", "receiving"])
    .limit(openMax)
    .execute();
  if (open.length < openMax) return;
  throw new Problem("conflict", `${openMax} jobs are under way already. Wait for some of them, or cancel some.`);
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
  // One that failed is tried again where it stood, once what was in its way is gone.
  resume: { from: ["paused", "failed"], to: "running" },
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
  // They go some at a time: of one that is so old, who is left is not all of them.
  const isOld = row.status === "failed" && at.getTime() - row.updated_at.getTime() >= membersKeptDays * dayMs;
  if (row.members_forgotten_at !== null || isOld) {
    throw new Problem("conflict", "The job's customers are forgotten by now. Order another one.");
  }
  if (to === "running") await refuseTooManyOpen(tx, projectId);
  const moved = await tx
    .updateTable("publication_job")
    .set({ status: to, error: null, attempts: 0, next_at: null, updated_at: at })
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
