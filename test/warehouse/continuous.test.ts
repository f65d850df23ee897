/** The comparison that goes on by itself: what it looks at, what it remembers, and when it says that something is wrong. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { overdueSeconds } from "../../api/alerts/watch.ts";
import { warehouseRewriteLock } from "../../ingest/locks.ts";
import { storeRun } from "../../ingest/reconciliation/store.ts";
import { reconcileOnce, restAfter, runReconciliation } from "../../ingest/reconciliation/worker.ts";
import { redeliver } from "../../ingest/redeliver/redeliver.ts";
import { createRelay } from "../../ingest/relay.ts";
import { isAwaited, withSession } from "../../ingest/session.ts";
import { NotComparable, reconcile } from "../../warehouse/reconcile.ts";
import { toDays } from "../../warehouse/reconcile-days.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const log = pino({ level: "silent" });

describe("continuous reconciliation", () => {
  const app = useApp();
  let project: TestProject;
  const relay = () => createRelay({ ...app, log }).drain();
  const pass = (kind: "full" | "window", waitMs?: number) =>
    withSession(app.pool, (client) => reconcileOnce({ ...app, log }, client, kind, waitMs));
  const runs = async () =>
    (await app.pool.query("select kind, outcome, days, drifts, detail from reconciliation_run order by id")).rows;
  const drifts = async () =>
    (await app.pool.query("select check_name, day from reconciliation_drift order by check_name, day")).rows.map(
      (row) => row.check_name,
    );
  const redeem = async (orderId: string, at?: string) => {
    const promotion = await setUpPromotion(project, {});
    const body = { ...redeemBody({ codes: [promotion.code], orderId }), ...(at === undefined ? {} : { at }) };
    const { status } = await send(project, "POST", "/v1/redemptions", body, { "idempotency-key": `k-${orderId}` });
    expect(status).toBe(201);
  };
  const lose = (orderId: string) =>
    app.warehouse.command({
      query: "DELETE FROM events_raw WHERE type = 'redemption.succeeded' AND order_id = {order: String}",
      query_params: { order: orderId },
      clickhouse_settings: { lightweight_deletes_sync: "2" },
    });

  beforeAll(async () => {
    project = await app.newProject();
    await redeem("r-1");
    await redeem("r-2");
    await relay();
  });

  it("compares everything first, then only days that were touched, today and yesterday", async () => {
    await pass("window");
    await pass("window");
    await send(project, "POST", "/v1/orders", {
      id: "long-ago",
      customer: { identifier: "anna" },
      status: "paid",
      currency: "EUR",
      items: [{ sku: "tea", quantity: 1, unit_amount: 100 }],
      occurred_at: "2024-03-05T10:00:00Z",
    });
    await relay();
    await pass("window");
    expect(await runs()).toMatchObject([
      { kind: "full", outcome: "compared", drifts: 0 },
      { kind: "window", outcome: "compared", days: 2, drifts: 0 },
      { kind: "window", outcome: "compared", days: 3, drifts: 0 },
    ]);
  });

  it("compares single days as exactly as all of them", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const all = await reconcile({ ...app });
    const days = await reconcile({ ...app, scope: { days: toDays(["2024-03-05", today]) } });
    expect(days.drifts).toEqual([]);
    const counted = (name: string, of: typeof all) => of.checks.find(({ check }) => check === name)?.count;
    for (const name of ["redemptions by currency", "orders by status", "all events by type"]) {
      expect([name, counted(name, days)]).toEqual([name, counted(name, all)]);
    }
    const long = await reconcile({ ...app, scope: { days: toDays(["2024-03-05"]) } });
    expect([counted("orders by status", long), counted("redemptions by currency", long)]).toEqual([1n, 0n]);
  });

  it("keeps drift until it is gone, though nothing else happens on its day", async () => {
    await lose("r-1");
    await pass("window");
    expect(await drifts()).toEqual(["redeemed codes by campaign", "redemptions by currency"]);
    await pass("full");
    expect(await drifts()).toEqual([
      "all events by type",
      "redeemed codes by campaign",
      "redemptions by currency",
      "standing redemptions by currency",
    ]);
    // A comparison of what came since does not see it; it must not forget it either.
    await pass("window");
    expect(await drifts()).toHaveLength(4);
    const range = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 3_600_000) };
    await withSession(app.pool, (client) => redeliver(client, app.warehouse, range));
    await pass("window");
    expect(await drifts()).toEqual([]);
  });

  it("keeps what it knows up to date, and room for what is new, among much drift", async () => {
    const crowd = (count: number) =>
      app.pool.query(
        `insert into reconciliation_drift
         select 'rewards by type', 'prj_crowd', 'k' || n, '2026-01-01', 1, 0, 0, 0 from generate_series(1, $1) n`,
        [count],
      );
    await withSession(app.pool, async (client) => {
      const result = await reconcile({ ...app });
      const drift = (key: string, count: string) => ({
        check: "orders by status",
        projectId: "prj_crowd",
        key,
        day: "2026-01-02",
        postgres: { count, amount: "0" },
        warehouse: { count: "0", amount: "0" },
      });
      const run = { kind: "window" as const, startedAt: new Date(), days: toDays(["2026-01-02"]) };
      const old = Array.from({ length: 600 }, (_, at) => drift(`k${at}`, "1"));
      await storeRun(client, run, result, old);
      const grown = [
        ...old.map((each) => drift(each.key, "2")),
        ...Array.from({ length: 300 }, (_, at) => drift(`n${at}`, "1")),
      ];
      await storeRun(client, run, result, grown);
    });
    const counts = await app.pool.query(
      "select postgres_count::int as count, count(*)::int as groups from reconciliation_drift group by 1 order by 1",
    );
    expect(counts.rows).toEqual([
      { count: 1, groups: 300 },
      { count: 2, groups: 600 },
    ]);
    // What there was no room for stands on days that nobody knows: only a look at everything finds it.
    await crowd(100);
    await pass("window");
    expect((await runs()).at(-1)).toMatchObject({ kind: "full", outcome: "compared" });
    expect(await drifts()).toEqual([]);
    await pass("window");
    expect((await runs()).at(-1)).toMatchObject({ kind: "window" });
  });

  it("rests between comparisons, and never so long that the next one is missed", () => {
    expect(restAfter(100)).toBe(60_000);
    expect(restAfter(20_000)).toBe(180_000);
    const long = 10 * 60_000;
    expect(restAfter(long) + long).toBeLessThan(overdueSeconds * 1_000);
  });

  it("says so when it cannot compare: nobody relays, or stored events are being rewritten", async () => {
    await send(project, "POST", "/v1/events", { name: "visited", customer: { identifier: "anna" } });
    expect(await pass("window", 50)).toBe(false);
    await relay();
    await withSession(app.pool, async (rewriter) => {
      await rewriter.query("select pg_advisory_lock($1)", [warehouseRewriteLock]);
      expect(await pass("window", 50)).toBe(false);
    });
    expect(await pass("window")).toBe(true);
    expect((await runs()).slice(-3)).toMatchObject([
      { outcome: "not_comparable", detail: expect.stringContaining("relay") },
      { outcome: "not_comparable", detail: expect.stringContaining("rewritten") },
      { outcome: "compared" },
    ]);
  });

  it("gives way in the middle to who waits to rewrite stored events", async () => {
    await withSession(app.pool, async (comparing) => {
      await comparing.query("select pg_advisory_lock_shared($1)", [warehouseRewriteLock]);
      expect(await isAwaited(comparing, warehouseRewriteLock)).toBe(false);
      const rewriter = await app.pool.connect();
      const rewriting = rewriter.query("select pg_advisory_lock($1)", [warehouseRewriteLock]);
      await expect.poll(() => isAwaited(comparing, warehouseRewriteLock)).toBe(true);
      await comparing.query("select pg_advisory_unlock_shared($1)", [warehouseRewriteLock]);
      await rewriting;
      rewriter.release(true);
    });
    // And when it waits for a relay, which waits behind the same one.
    await send(project, "POST", "/v1/events", { name: "visited", customer: { identifier: "anna" } });
    const begun = new Date();
    const waiting = pass("window");
    const waits = `select from pg_stat_activity where state = 'idle' and query ~ 'as (delivered|awaited)' and pid <> pg_backend_pid()
      and datname = current_database() and query_start > $1`;
    await expect.poll(async () => (await app.pool.query(waits, [begun])).rowCount, { timeout: 20_000 }).toBe(1);
    await withSession(app.pool, (rewriter) => rewriter.query("select pg_advisory_lock($1)", [warehouseRewriteLock]));
    expect(await waiting).toBe(false);
    expect((await runs()).at(-1)).toMatchObject({ detail: "gave way to an erasure" });
    await relay();
    let checked = 0;
    const beforeEach = async () => {
      checked += 1;
      if (checked === 5) throw new NotComparable("gave way");
    };
    await expect(reconcile({ ...app, beforeEach })).rejects.toThrow("gave way");
    expect(checked).toBe(5);
  });

  it("looks at everything again when the outbox no longer reaches back to the last comparison", async () => {
    await app.pool.query(
      `insert into outbox_pruned (upto_xid, upto_seq, recorded_until)
       select xid, seq, recorded_at from outbox order by outbox.xid desc, outbox.seq desc limit 1`,
    );
    await app.pool.query("update reconciliation_run set horizon = '3'::xid8");
    await pass("window");
    expect((await runs()).at(-1)).toMatchObject({ kind: "full", outcome: "compared" });
    await app.pool.query("delete from outbox_pruned");
  });

  it("runs in one process at a time, and another takes over", async () => {
    const before = (await runs()).length;
    const stops = [new AbortController(), new AbortController()];
    const deps = { ...app, log };
    await app.pool.query("delete from reconciliation_run");
    const running = stops.map((stop) => runReconciliation(deps, stop.signal));
    await expect.poll(async () => (await runs()).length, { timeout: 20_000 }).toBe(1);
    expect(before).toBeGreaterThan(0);
    for (const stop of stops) stop.abort();
    await Promise.all(running);
    const next = new AbortController();
    await app.pool.query("delete from reconciliation_run");
    const again = runReconciliation(deps, next.signal);
    await expect.poll(async () => (await runs()).length, { timeout: 20_000 }).toBe(1);
    next.abort();
    await again;
  });
});
