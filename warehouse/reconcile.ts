/**
 * Compares what Postgres decided with what ClickHouse knows: counts and sums by project, campaign and day.
 *
 * It is exact while the product works. Postgres answers in one snapshot; ClickHouse answers from the events of exactly
 * the transactions which that snapshot sees (every event carries the id of its transaction), once the relay has
 * delivered them.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { z } from "zod";
import { type Check, checks as commonChecks } from "./reconcile-checks.ts";
import { engineChecks } from "./reconcile-engine-checks.ts";

const checks: readonly Check[] = [...commonChecks, ...engineChecks];

export interface Figures {
  readonly count: string;
  readonly amount: string;
}

interface Drift {
  /** Name and grouping of the check, as in "redeemed codes by campaign". */
  readonly check: string;
  readonly projectId: string;
  readonly key: string;
  /** YYYY-MM-DD, or empty where the check has no day. */
  readonly day: string;
  readonly postgres: Figures;
  readonly warehouse: Figures;
}

interface CheckResult {
  readonly check: string;
  /** What amounts are sums of. */
  readonly sum: string | undefined;
  readonly groups: number;
  readonly count: bigint;
  readonly drifts: number;
}

export interface Reconciliation {
  /** Groups that were compared, over all checks. */
  readonly compared: number;
  readonly drifts: readonly Drift[];
  readonly checks: readonly CheckResult[];
  /** Events kept aside because they could not be delivered. Each is drift too. */
  readonly deadLetters: number;
}

/** The stores cannot be compared now; nothing is known about drift. */
export class NotComparable extends Error {}

const group = z.object({
  project_id: z.string(),
  key: z.string(),
  day: z.string(),
  count: z.string(),
  amount: z.string(),
});
type Group = z.infer<typeof group>;

interface Snapshot {
  /** The first transaction id that the snapshot does not see, and those below it that had not ended. */
  readonly xmax: string;
  readonly open: readonly string[];
  readonly newest: Position | undefined;
  readonly oldest: Position;
  readonly deadLetters: number;
  readonly answers: readonly (readonly Group[])[];
}
interface Position {
  readonly xid: string;
  readonly seq: number;
}

/**
 * @param waitMs how long the relay may take to deliver what the snapshot sees; 15,000 unless told.
 * @throws NotComparable when it takes longer.
 */
export async function reconcile(stores: {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly waitMs?: number;
}): Promise<Reconciliation> {
  const snapshot = await readPostgres(stores.pool);
  if (snapshot.newest !== undefined) await untilDelivered(stores.pool, snapshot.newest, stores.waitMs ?? 15_000);
  const drifts: Drift[] = [];
  const results: CheckResult[] = [];
  for (const [at, check] of checks.entries()) {
    const expected = snapshot.answers[at] ?? [];
    const actual = await readWarehouse(stores.warehouse, check, snapshot);
    const { groups, found } = compare(check, expected, actual);
    drifts.push(...found);
    results.push({
      check: nameOf(check),
      sum: check.sum,
      groups,
      count: expected.reduce((sum, row) => sum + BigInt(row.count), 0n),
      drifts: found.length,
    });
  }
  return {
    compared: results.reduce((sum, result) => sum + result.groups, 0),
    drifts,
    checks: results,
    deadLetters: snapshot.deadLetters,
  };
}

function nameOf(check: Check): string {
  return `${check.name} by ${check.by}`;
}

async function readPostgres(pool: pg.Pool): Promise<Snapshot> {
  const client = await pool.connect();
  try {
    await client.query("begin isolation level repeatable read read only");
    await client.query("set local statement_timeout = '5min'; set local idle_in_transaction_session_timeout = '5min'");
    const seen = await client.query<{ xmax: string; open: string[]; dead: number }>(
      `select pg_snapshot_xmax(s)::text as xmax, array(select x::text from pg_snapshot_xip(s) as x) as open,
              (select count(*) from dead_letter)::int as dead
       from pg_current_snapshot() as s`,
    );
    const newest = await client.query<Position>(
      "select xid::text, seq from outbox order by outbox.xid desc, outbox.seq desc limit 1",
    );
    // Dead letters outlive what was pruned around them.
    const oldest = await client.query<Position>(
      `select xid::text, seq from outbox o
       where not exists (select from dead_letter d where d.xid = o.xid and d.seq = o.seq)
       order by o.xid, o.seq limit 1`,
    );
    const from = oldest.rows[0] ?? newest.rows[0] ?? { xid: "0", seq: 0 };
    const answers: Group[][] = [];
    for (const check of checks) {
      const parameters = check.postgres.includes("$1") ? [from.xid, from.seq] : [];
      answers.push(z.array(group).parse((await client.query(check.postgres, parameters)).rows));
    }
    await client.query("commit");
    return {
      xmax: seen.rows[0]?.xmax ?? "0",
      open: seen.rows[0]?.open ?? [],
      deadLetters: seen.rows[0]?.dead ?? 0,
      newest: newest.rows[0],
      oldest: from,
      answers,
    };
  } finally {
    // Closed, not reused: after a failure the transaction may still be open.
    client.release(true);
  }
}

async function untilDelivered(pool: pg.Pool, newest: Position, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const { rows } = await pool.query<{ delivered: boolean }>(
      `select (upto_xid, upto_seq) >= ($1::xid8, $2::bigint) as delivered
       from relay_batch where delivered_at is not null order by number desc limit 1`,
      [newest.xid, newest.seq],
    );
    if (rows[0]?.delivered) return;
    if (Date.now() > deadline) {
      throw new NotComparable(
        `the relay did not deliver what Postgres holds within ${waitMs / 1000} s; is it running?`,
      );
    }
    await pause(50);
  }
}

async function readWarehouse(warehouse: ClickHouseClient, check: Check, snapshot: Snapshot): Promise<Group[]> {
  const result = await warehouse.query({
    query: `
      WITH events_then AS
      (
        SELECT * FROM events WHERE outbox_xid < {xmax: UInt64} AND NOT has({open: Array(UInt64)}, outbox_xid)
      )
      ${check.warehouse}`,
    query_params: {
      xmax: snapshot.xmax,
      open: snapshot.open.map(BigInt),
      oldest_xid: snapshot.oldest.xid,
      oldest_seq: snapshot.oldest.seq,
    },
    format: "JSONEachRow",
    clickhouse_settings: { join_use_nulls: 0 },
  });
  return z.array(group).parse(await result.json());
}

function compare(
  check: Check,
  postgres: readonly Group[],
  warehouse: readonly Group[],
): { groups: number; found: Drift[] } {
  const nothing: Figures = { count: "0", amount: "0" };
  const keyOf = (row: Group) => JSON.stringify([row.project_id, row.key, row.day]);
  const expected = new Map(postgres.map((row) => [keyOf(row), row]));
  const actual = new Map(warehouse.map((row) => [keyOf(row), row]));
  const found: Drift[] = [];
  const groups = new Map([...actual, ...expected]);
  for (const [key, row] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const here = expected.get(key) ?? nothing;
    const there = actual.get(key) ?? nothing;
    if (here.count === there.count && here.amount === there.amount) continue;
    found.push({
      check: nameOf(check),
      projectId: row.project_id,
      key: row.key,
      day: row.day,
      postgres: { count: here.count, amount: here.amount },
      warehouse: { count: there.count, amount: there.amount },
    });
  }
  return { groups: groups.size, found };
}
