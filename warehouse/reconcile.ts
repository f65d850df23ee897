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
import { type Days, withinPostgres, withinWarehouse } from "./reconcile-days.ts";
import { engineChecks } from "./reconcile-engine-checks.ts";

const checks: readonly Check[] = [...commonChecks, ...engineChecks];

/** Names of the checks that can be made of single days. The others always look at everything. */
export const dailyChecks: readonly string[] = checks.filter(isDaily).map(nameOf);
/** Names of those that compare what lies in the outbox, from a position on. */
export const positionChecks: readonly string[] = checks.filter(isByPosition).map(nameOf);

export interface Figures {
  readonly count: string;
  readonly amount: string;
}

export interface Drift {
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
  /** The oldest transaction that Postgres' snapshot did not see the end of. */
  readonly horizon: string;
}

/** What to compare; whatever is absent is not restricted. */
export interface Scope {
  readonly days?: Days | undefined;
  /** Names of checks. */
  readonly checks?: ReadonlySet<string>;
  /** The transaction from which on checks by position compare. */
  readonly since?: string | undefined;
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
  /** The first transaction id that the snapshot does not see, the first below it that had not ended, and all of those. */
  readonly xmax: string;
  readonly xmin: string;
  readonly open: readonly string[];
  readonly newest: Position | undefined;
  /** Where checks by position begin. */
  readonly from: Position;
  readonly deadLetters: number;
  readonly answers: readonly (readonly Group[])[];
}
interface Position {
  readonly xid: string;
  readonly seq: number;
}

/** How long the relay may take, unless told. */
export const deliveredMs = 15_000;

export interface Comparison {
  readonly warehouse: ClickHouseClient;
  /** How long the relay may take to deliver what the snapshot sees. */
  readonly waitMs?: number;
  readonly scope?: Scope;
  /** Called before each check and while the relay is waited for; what it throws ends the comparison. */
  readonly beforeEach?: () => Promise<void>;
}

/**
 * On a connection of its own. Nobody may rewrite stored events meanwhile.
 *
 * @throws NotComparable when the relay takes longer.
 */
export async function reconcile(stores: Comparison & { readonly pool: pg.Pool }): Promise<Reconciliation> {
  const client = await stores.pool.connect();
  try {
    return await reconcileOn(client, stores);
  } finally {
    // Closed, not reused: after a failure the transaction may still be open.
    client.release(true);
  }
}

/** The same on a connection of the caller's, which is left without a transaction. */
export async function reconcileOn(
  client: pg.ClientBase,
  { warehouse, waitMs = deliveredMs, scope = {}, beforeEach = async () => undefined }: Comparison,
): Promise<Reconciliation> {
  const chosen = checks.filter((check) => scope.checks?.has(nameOf(check)) ?? true);
  const snapshot = await readPostgres(client, chosen, scope, beforeEach);
  if (snapshot.newest !== undefined) await untilDelivered(client, snapshot.newest, waitMs, beforeEach);
  return compareAll(warehouse, chosen, snapshot, scope, beforeEach);
}

async function compareAll(
  warehouse: ClickHouseClient,
  chosen: readonly Check[],
  snapshot: Snapshot,
  scope: Scope,
  beforeEach: () => Promise<void>,
): Promise<Reconciliation> {
  const drifts: Drift[] = [];
  const results: CheckResult[] = [];
  for (const [at, check] of chosen.entries()) {
    await beforeEach();
    const expected = snapshot.answers[at] ?? [];
    const actual = await readWarehouse(warehouse, check, snapshot, scope);
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
    horizon: snapshot.xmin,
  };
}

function isDaily(check: Check): boolean {
  return check.postgres.includes("{within:");
}

function isByPosition(check: Check): boolean {
  return check.postgres.includes("$1");
}

function nameOf(check: Check): string {
  return `${check.name} by ${check.by}`;
}

async function readPostgres(
  client: pg.ClientBase,
  chosen: readonly Check[],
  scope: Scope,
  beforeEach: () => Promise<void>,
): Promise<Snapshot> {
  await client.query("begin isolation level repeatable read read only");
  try {
    await client.query("set local statement_timeout = '5min'; set local idle_in_transaction_session_timeout = '5min'");
    const seen = await client.query<{ xmax: string; xmin: string; open: string[]; dead: number }>(
      `select pg_snapshot_xmax(s)::text as xmax, pg_snapshot_xmin(s)::text as xmin,
              array(select x::text from pg_snapshot_xip(s) as x) as open,
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
    const held = oldest.rows[0] ?? newest.rows[0] ?? { xid: "0", seq: 0 };
    const from = BigInt(scope.since ?? 0) > BigInt(held.xid) ? { xid: scope.since ?? "0", seq: 0 } : held;
    const answers: Group[][] = [];
    for (const check of chosen) {
      await beforeEach();
      const text = check.postgres.replace(/\{within:([\w.]+)\}/g, (_, column: string) =>
        withinPostgres(column, scope.days),
      );
      const { rows } = await client.query(text, isByPosition(check) ? [from.xid, from.seq] : []);
      answers.push(z.array(group).parse(rows));
    }
    return {
      xmax: seen.rows[0]?.xmax ?? "0",
      xmin: seen.rows[0]?.xmin ?? "0",
      open: seen.rows[0]?.open ?? [],
      deadLetters: seen.rows[0]?.dead ?? 0,
      newest: newest.rows[0],
      from,
      answers,
    };
  } finally {
    // A broken session cannot say it any more, and need not.
    await client.query("rollback").catch(() => undefined);
  }
}

async function untilDelivered(
  client: pg.ClientBase,
  newest: Position,
  waitMs: number,
  beforeEach: () => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const { rows } = await client.query<{ delivered: boolean }>(
      `select (upto_xid, upto_seq) >= ($1::xid8, $2::bigint) as delivered
       from relay_batch where delivered_at is not null order by number desc limit 1`,
      [newest.xid, newest.seq],
    );
    if (rows[0]?.delivered) return;
    // Relays may be waiting behind somebody who waits for us.
    await beforeEach();
    if (Date.now() > deadline) {
      throw new NotComparable(
        `the relay did not deliver what Postgres holds within ${waitMs / 1000} s; is it running?`,
      );
    }
    await pause(50);
  }
}

async function readWarehouse(
  warehouse: ClickHouseClient,
  check: Check,
  snapshot: Snapshot,
  scope: Scope,
): Promise<Group[]> {
  const result = await warehouse.query({
    query: `
      WITH events_then AS
      (
        SELECT * FROM events
        WHERE outbox_xid < {xmax: UInt64} AND NOT has({open: Array(UInt64)}, outbox_xid)
          AND ${isDaily(check) ? withinWarehouse(scope.days) : "1"}
      )
      ${check.warehouse}`,
    query_params: {
      xmax: snapshot.xmax,
      open: snapshot.open.map(BigInt),
      from_xid: snapshot.from.xid,
      from_seq: snapshot.from.seq,
    },
    format: "JSONEachRow",
    clickhouse_settings: { join_use_nulls: 0, max_execution_time: 300 },
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
