import type pg from "pg";
import type { JobItem, JobVoucher } from "./chunk.ts";

/** In the order of their codes, in which redemptions lock them too. Codes that do not exist are left out. */
export async function lockVouchers(
  client: pg.PoolClient,
  projectId: string,
  items: readonly JobItem[],
): Promise<JobVoucher[]> {
  const { rows } = await client.query<JobVoucher>(
    `select id, code, campaign_id, kind, status, customer_id, redemptions_count, starts_at, balance_amount,
            batch_id, expires_at
     from voucher where project_id = $1 and code = any($2::text[]) order by code for update`,
    [projectId, items.map((item) => item.code)],
  );
  return rows;
}
