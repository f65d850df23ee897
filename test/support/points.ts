/** What must hold of points whatever happened: balance = Σ lots = Σ entries, account by account. */
import type pg from "pg";
import { expect } from "vitest";

export async function expectExactPoints(pool: pg.Pool, projectId: string): Promise<void> {
  const { rows } = await pool.query(
    `select a.customer_id, a.balance,
            (select coalesce(sum(l.points_left), 0)::bigint from points_lot l
             where l.project_id = a.project_id and l.customer_id = a.customer_id) as lots,
            (select coalesce(sum(e.points), 0)::bigint from points_entry e
             where e.project_id = a.project_id and e.customer_id = a.customer_id) as entries,
            (select e.balance_after from points_entry e
             where e.project_id = a.project_id and e.customer_id = a.customer_id
             order by e.position desc limit 1) as last_balance
     from points_account a where a.project_id = $1`,
    [projectId],
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const { balance, lots, entries, last_balance } of rows) {
    expect({ lots, entries, last_balance: last_balance ?? 0 }).toEqual({
      lots: balance,
      entries: balance,
      last_balance: balance,
    });
  }
}
