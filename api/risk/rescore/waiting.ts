import type pg from "pg";

/** @returns how many marks of the project wait for earlier redemptions to be scored again. */
export async function countWaiting(pool: pg.Pool, projectId: string): Promise<number> {
  const { rows } = await pool.query<{ waiting: number }>(
    "select count(*)::int as waiting from risk_rescore where project_id = $1",
    [projectId],
  );
  return rows[0]?.waiting ?? 0;
}
