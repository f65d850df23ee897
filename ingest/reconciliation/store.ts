/** What Postgres keeps of the comparisons: each run for a while, and the drift that stands now. */
import type pg from "pg";
import type { Drift, Reconciliation } from "../../warehouse/reconcile.ts";
import { countDays, type Days, includesDay } from "../../warehouse/reconcile-days.ts";

/** More are counted by their run, not kept: whoever has so many needs no list. */
export const driftsKeptMax = 1_000;

export interface LastRun {
  readonly horizon: string;
  readonly endedAt: Date;
}

/** The newest comparison that came to an end, of either kind or of everything. */
export async function findLastRun(client: pg.ClientBase, kind?: "full"): Promise<LastRun | undefined> {
  const { rows } = await client.query<{ horizon: string; ended_at: Date }>(
    `select horizon::text, ended_at from reconciliation_run
     where outcome = 'compared' and ($1::text is null or kind = $1) order by ended_at desc limit 1`,
    [kind ?? null],
  );
  const [row] = rows;
  return row && { horizon: row.horizon, endedAt: row.ended_at };
}

/** The days of everything announced from a transaction on. Undefined when the outbox does not reach back to it. */
export async function findTouchedDays(client: pg.ClientBase, since: string): Promise<string[] | undefined> {
  const { rows } = await client.query<{ lost: boolean; days: string[] | null }>(
    `select exists (select from outbox_pruned where upto_xid >= $1::xid8)
              or $1::xid8 > pg_snapshot_xmax(pg_current_snapshot()) as lost,
            (select array_agg(distinct to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD'))
             from outbox where xid >= $1::xid8) as days`,
    [since],
  );
  const [row] = rows;
  return row === undefined || row.lost ? undefined : (row.days ?? []);
}

/** A row a group: `driftsKeptMax` at most. */
export async function findStandingDrift(client: pg.ClientBase): Promise<{ check_name: string; day: string }[]> {
  const { rows } = await client.query<{ check_name: string; day: string }>(
    "select check_name, day from reconciliation_drift",
  );
  return rows;
}

/** The run, and what it found in place of what was known of the same groups. One transaction. */
export async function storeRun(
  client: pg.ClientBase,
  run: { readonly kind: "full" | "window"; readonly startedAt: Date; readonly days: Days | undefined },
  result: Reconciliation,
  confirmed: readonly Drift[],
): Promise<void> {
  await client.query("begin");
  try {
    const standing = await client.query<{ check_name: string; project_id: string; key: string; day: string }>(
      "select check_name, project_id, key, day from reconciliation_drift for update",
    );
    const looked = new Set(result.checks.map(({ check }) => check));
    const still = new Set(confirmed.map((drift) => identity(drift.check, drift.projectId, drift.key, drift.day)));
    const gone = standing.rows.filter(
      (row) =>
        looked.has(row.check_name) &&
        (row.day === "" || run.days === undefined || includesDay(run.days, row.day)) &&
        !still.has(identity(row.check_name, row.project_id, row.key, row.day)),
    );
    await client.query(
      `delete from reconciliation_drift where (check_name, project_id, key, day) in
         (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]))`,
      [
        gone.map((row) => row.check_name),
        gone.map((row) => row.project_id),
        gone.map((row) => row.key),
        gone.map((row) => row.day),
      ],
    );
    const known = new Set(standing.rows.map((row) => identity(row.check_name, row.project_id, row.key, row.day)));
    const isKnown = (drift: Drift) => known.has(identity(drift.check, drift.projectId, drift.key, drift.day));
    const room = Math.max(0, driftsKeptMax - (standing.rows.length - gone.length));
    const fresh = confirmed.filter((drift) => !isKnown(drift)).slice(0, room);
    await upsertDrifts(client, [...confirmed.filter(isKnown), ...fresh]);
    await client.query(
      `insert into reconciliation_run (kind, started_at, ended_at, outcome, horizon, days, groups, drifts)
       values ($1, $2, now(), 'compared', $3, $4, $5, $6)`,
      [run.kind, run.startedAt, result.horizon, run.days ? countDays(run.days) : 0, result.compared, confirmed.length],
    );
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

export async function storeFailure(
  client: pg.ClientBase,
  run: { readonly kind: "full" | "window"; readonly startedAt: Date },
  detail: string,
): Promise<void> {
  await client.query(
    `insert into reconciliation_run (kind, started_at, ended_at, outcome, detail)
     values ($1, $2, now(), 'not_comparable', $3)`,
    [run.kind, run.startedAt, detail],
  );
}

/** A row a minute: kept for a week; those of everything for three months. */
export async function forgetOldRuns(client: pg.ClientBase): Promise<void> {
  await client.query(
    `delete from reconciliation_run
     where ended_at < now() - case when kind = 'full' then interval '90 days' else interval '7 days' end`,
  );
}

async function upsertDrifts(client: pg.ClientBase, drifts: readonly Drift[]): Promise<void> {
  await client.query(
    `insert into reconciliation_drift (check_name, project_id, key, day, postgres_count, postgres_amount,
       warehouse_count, warehouse_amount)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::numeric[],
       $8::numeric[])
     on conflict (check_name, project_id, key, day) do update set
       postgres_count = excluded.postgres_count, postgres_amount = excluded.postgres_amount,
       warehouse_count = excluded.warehouse_count, warehouse_amount = excluded.warehouse_amount, seen_at = now()`,
    [
      drifts.map((drift) => drift.check),
      drifts.map((drift) => drift.projectId),
      drifts.map((drift) => drift.key),
      drifts.map((drift) => drift.day),
      drifts.map((drift) => drift.postgres.count),
      drifts.map((drift) => drift.postgres.amount),
      drifts.map((drift) => drift.warehouse.count),
      drifts.map((drift) => drift.warehouse.amount),
    ],
  );
}

function identity(check: string, projectId: string, key: string, day: string): string {
  return JSON.stringify([check, projectId, key, day]);
}
