/** A job from a file of identifiers: customers are written down block by block while they arrive. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { Transaction } from "kysely";
import { z } from "zod";
import type { DB } from "../../db/tables.ts";
import type { AppEnv } from "../../http/environment.ts";
import { withIdempotency } from "../../http/idempotency.ts";
import { invalid } from "../../http/problem.ts";
import { type RowFormat, readRows, rowFormat, type UploadedRow } from "../../http/row-stream.ts";
import { customerIdentifier } from "../../http/schemas.ts";
import { insertJob, jobToWire, type NewJob } from "./jobs.ts";
import { addCustomers } from "./members.ts";
import type { ImportQuery, JobWire } from "./schemas.ts";

const limits = { bytesMax: 256 * 1024 * 1024, rowsMax: 1_000_000 };
const faultsKeptMax = 100;
const rowSchema = z.strictObject({ customer: z.coerce.string().pipe(customerIdentifier) });

/**
 * Nothing is published before the file has come to its end. The body takes part in the idempotency key by its digest.
 *
 * @throws Problem 400, 404, 409, 413, 415, 422
 */
export function receiveJob(c: Context<AppEnv>, { channel_id, template_id, ...query }: ImportQuery) {
  const upload = { body: c.req.raw.body, format: rowFormat(c.req.header("content-type")) };
  return receiveFile(c, { ...query, ...deliverOf(channel_id, template_id) }, upload, (sha256, start) => {
    c.set("json", { sha256, ...c.req.query() });
    return withIdempotency(c, async (tx) => ({ status: 202, body: await start(tx) }));
  });
}

interface Upload {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly format: RowFormat;
}

/** @param take starts the job, in a transaction of its own, unless the same file was taken before. */
export async function receiveFile<Taken>(
  c: Context<AppEnv>,
  input: NewJob,
  { body, format }: Upload,
  take: (sha256: string, start: (tx: Transaction<DB>) => Promise<JobWire>) => Promise<Taken>,
): Promise<Taken> {
  const { db } = c.var.deps;
  const { projectId } = c.var.auth;
  const at = new Date();
  const job = await db.transaction().execute((tx) => insertJob(tx, projectId, input, "receiving", null, at));
  const digest = createHash("sha256");
  const faults: { line: number; reason: string }[] = [];
  let failed = 0;
  let taken = false;
  try {
    for await (const rows of readRows(body, format, ["customer"], limits, digest)) {
      const identifiers: string[] = [];
      for (const row of rows) {
        const read = readIdentifier(row);
        if (typeof read === "string") identifiers.push(read);
        else {
          failed += 1;
          if (faults.length < faultsKeptMax) faults.push(read);
        }
      }
      await db.transaction().execute((tx) => addCustomers(tx, projectId, job.id, identifiers, at));
    }
    return await take(digest.digest("hex"), async (tx) => {
      const row = await tx
        .updateTable("publication_job")
        .set({ status: "running", failed, faults: JSON.stringify(faults), updated_at: new Date() })
        .where("project_id", "=", projectId)
        .where("id", "=", job.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      taken = true;
      return jobToWire(row);
    });
  } finally {
    // Broken off, refused, or the retry of one that was taken before.
    if (!taken) await forget(c, projectId, job.id);
  }
}

async function forget(c: Context<AppEnv>, projectId: string, id: string): Promise<void> {
  const { db, log } = c.var.deps;
  const drop = db.transaction().execute(async (tx) => {
    const ofJob = { project_id: projectId, job_id: id };
    await tx
      .deleteFrom("publication_job_member")
      .where("project_id", "=", ofJob.project_id)
      .where("job_id", "=", ofJob.job_id)
      .execute();
    await tx
      .deleteFrom("publication_job")
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .where("status", "=", "receiving")
      .execute();
  });
  await drop.catch((err: unknown) => log.warn({ err, job: id }, "a job whose file broke off is left to be tidied"));
}

function deliverOf(channelId: string | undefined, templateId: string | undefined) {
  if (channelId === undefined && templateId === undefined) return {};
  if (channelId === undefined) throw invalid("/channel_id", "is required with template_id");
  if (templateId === undefined) throw invalid("/template_id", "is required with channel_id");
  return { deliver: { channel_id: channelId, template_id: templateId } };
}

function readIdentifier(row: UploadedRow): string | { line: number; reason: string } {
  if (row.content === undefined) return { line: row.line, reason: row.fault };
  const parsed = rowSchema.safeParse(row.content);
  if (parsed.success) return parsed.data.customer;
  return { line: row.line, reason: parsed.error.issues[0]?.message ?? "The row is not valid." };
}
