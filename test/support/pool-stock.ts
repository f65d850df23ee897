/** A pool of third-party codes, straight into its tables: how they are imported has tests of its own. */
import { randomUUID } from "node:crypto";
import type pg from "pg";

/** The codes are THIRD-PARTY-1 to THIRD-PARTY-`count`. @returns the pool's id */
export async function stockPool(pool: pg.Pool, projectId: string, count: number): Promise<string> {
  const id = `pool_${randomUUID()}`;
  await pool.query(
    `insert into pool (project_id, id, name, low_stock, created_at, updated_at) values ($1, $2, $2, 5, now(), now())`,
    [projectId, id],
  );
  await pool.query(
    `insert into pool_code (project_id, id, pool_id, code, status, created_at)
     select $1, 'pco_' || n || $2, $2, 'THIRD-PARTY-' || n, 'free', now() from generate_series(1, $3::int) n`,
    [projectId, id, count],
  );
  return id;
}
