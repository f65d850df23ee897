import type pg from "pg";
import { announceVouchers } from "../announce.ts";
import { whyNotAssignable } from "../assignable.ts";
import { customersByIdentifier } from "../customers-by-identifier.ts";
import { kyselyOn } from "../kysely-on.ts";
import type { JobError, JobItem, JobVoucher, RunningJob } from "./chunk.ts";
import { lockVouchers } from "./lock.ts";

/** Customers of codes that do not exist are not made. Customers before vouchers, like everywhere. */
export async function assignChunk(
  client: pg.PoolClient,
  job: RunningJob,
  items: readonly JobItem[],
  at: Date,
): Promise<{ changed: number; errors: readonly JobError[] }> {
  const { rows } = await client.query<{ code: string }>(
    "select code from voucher where project_id = $1 and code = any($2::text[])",
    [job.projectId, items.map((item) => item.code)],
  );
  const known = new Set(rows.map((row) => row.code));
  const errors: JobError[] = items
    .filter(({ code }) => !known.has(code))
    .map(({ typed }) => ({ code: typed, reason: "There is no such voucher." }));
  const wanted = new Map(items.filter(({ code }) => known.has(code)).map((item) => [item.code, item.customer ?? ""]));
  const customers = await customersByIdentifier(client, job.projectId, [...wanted.values()], at);
  const assigned: { voucher: JobVoucher; identifier: string; customerId: string }[] = [];
  for (const voucher of await lockVouchers(client, job.projectId, items)) {
    const identifier = wanted.get(voucher.code) ?? "";
    const customerId = customers.get(identifier);
    if (customerId === undefined || voucher.customer_id === customerId) continue;
    const reason = whyNotAssignable(voucher);
    if (reason === undefined) assigned.push({ voucher, identifier, customerId });
    else errors.push({ code: voucher.code, reason });
  }
  await client.query(
    `update voucher v set customer_id = a.customer_id, version = v.version + 1, updated_at = $4
     from unnest($2::text[], $3::text[]) as a (id, customer_id) where v.project_id = $1 and v.id = a.id`,
    [job.projectId, assigned.map(({ voucher }) => voucher.id), assigned.map((one) => one.customerId), at],
  );
  const announced = assigned.map(({ voucher, identifier }) => ({ ...voucher, customer: { identifier } }));
  await announceVouchers(kyselyOn(client), job.projectId, "voucher.assigned", announced, at.toISOString());
  return { changed: assigned.length, errors };
}
