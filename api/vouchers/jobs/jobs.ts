/** Jobs on many vouchers: ordered and read here, done by `worker.ts`. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { findCampaign } from "../../campaigns/find.ts";
import type { DB } from "../../db/tables.ts";
import { notFound } from "../../http/problem.ts";
import { newId } from "../../ids.ts";
import { findBatch } from "../batches.ts";
import type { JobInput, JobWire } from "./schemas.ts";

export type JobRow = Selectable<DB["voucher_job"]>;

/** @throws Problem `not_found` for a campaign or batch that is not there. */
export async function createJob(tx: Transaction<DB>, projectId: string, input: JobInput, at: Date): Promise<JobWire> {
  const items = input.assignments ?? input.codes?.map((code) => ({ code, customer: null })) ?? [];
  const batch = input.batch_id === undefined ? null : await findBatch(tx, projectId, input.batch_id);
  if (batch === undefined) throw notFound("voucher batch");
  if (input.campaign_id !== undefined && !(await findCampaign(tx, projectId, input.campaign_id))) {
    throw notFound("campaign");
  }
  const row = await tx
    .insertInto("voucher_job")
    .values({
      project_id: projectId,
      id: newId("job"),
      action: input.action,
      campaign_id: input.campaign_id ?? null,
      batch_id: batch?.id ?? null,
      expires_at: input.action === "expire" ? (input.expires_at ?? at) : null,
      status: "running",
      total: batch?.done ?? (input.campaign_id === undefined ? items.length : null),
      // Ids grow with time: what is made later is not part of the job.
      upto: input.campaign_id === undefined && batch === null ? String(items.length) : newId("vou"),
      created_at: at,
      updated_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await sql`
    insert into voucher_job_item (project_id, job_id, position, code, customer)
    select ${projectId}, ${row.id}, item.position, item.code, item.customer
    from unnest(
      ${items.map(({ code }) => code)}::text[], ${items.map(({ customer }) => customer?.identifier ?? null)}::text[]
    ) with ordinality as item (code, customer, position)
  `.execute(tx);
  return jobToWire(row);
}

export function findJob(db: Kysely<DB>, projectId: string, id: string): Promise<JobRow | undefined> {
  return db
    .selectFrom("voucher_job")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** In the order in which they came up. */
export function listJobErrors(db: Kysely<DB>, projectId: string, jobId: string, after: number, limit: number) {
  return db
    .selectFrom("voucher_job_error")
    .select(["position", "code", "reason"])
    .where("project_id", "=", projectId)
    .where("job_id", "=", jobId)
    .where("position", ">", after)
    .orderBy("position")
    .limit(limit)
    .execute();
}

export function jobToWire(row: JobRow): JobWire {
  return {
    id: row.id,
    action: row.action,
    campaign_id: row.campaign_id,
    batch_id: row.batch_id,
    expires_at: row.expires_at?.toISOString() ?? null,
    status: row.status,
    total: row.total,
    done: row.done,
    changed: row.changed,
    failed: row.failed,
    error: row.error,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
