import type { ClickHouseClient } from "@clickhouse/client";
import fc from "fast-check";
import pino from "pino";
import { describe, expect, it } from "vitest";
import { createPool } from "../../api/db/kysely.ts";
import { readHead } from "../../ingest/batches.ts";
import type { Event } from "../../ingest/events/events.ts";
import { readLag } from "../../ingest/lag.ts";
import { relayLock } from "../../ingest/locks.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { pruneOutbox } from "../../ingest/prune.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { anyEvent, eventTypes } from "../unit/ingest/arbitrary.ts";

const log = pino({ level: "silent" });

async function query<Row>(warehouse: ClickHouseClient, sql: string, params: Record<string, unknown> = {}) {
  const result = await warehouse.query({ query: sql, query_params: params, format: "JSONEachRow" });
  return result.json<Row>();
}

async function eventIds(warehouse: ClickHouseClient, table: "events" | "events_raw", project: string) {
  const rows = await query<{ event_id: string }>(
    warehouse,
    `SELECT event_id FROM ${table} WHERE project_id = {project: String} ORDER BY event_id`,
    { project },
  );
  return rows.map((row) => row.event_id);
}

/** Different events, and the same ones on every run of the test. */
function someEvents(project: string, count: number, seed: number): Event[] {
  const events = fc.sample(
    fc.constantFrom(...eventTypes).chain((type) => anyEvent(type, fc.constant(project))),
    {
      numRuns: count,
      seed,
    },
  );
  return events.map((event, at) => ({ ...event, event_id: `${project}-${String(at).padStart(6, "0")}` }));
}

const idsOf = (events: readonly Event[]) => events.map((event) => event.event_id).sort();

describe("the relay", () => {
  const stores = useStores();
  const relay = () => createRelay({ ...stores, log });

  it("brings every type of event to the events view, once, with its payload", async () => {
    const events = eventTypes.map((type, at) => ({
      ...(fc.sample(anyEvent(type, fc.constant("prj_types")), { numRuns: 1, seed: 7 })[0] as Event),
      event_id: `types-${at}`,
    }));
    await stores.db.transaction().execute((tx) => appendEvents(tx, events));
    await relay().drain();
    const rows = await query<{ type: string; payload: string }>(
      stores.warehouse,
      "SELECT type, payload FROM events WHERE project_id = 'prj_types'",
    );
    expect(new Map(rows.map((row) => [row.type, JSON.parse(row.payload)]))).toEqual(
      new Map(events.map((event) => [event.type, JSON.parse(JSON.stringify(event.payload))])),
    );
    expect(rows).toHaveLength(eventTypes.length);
  });

  it("never announces what a transaction took back", async () => {
    const events = someEvents("prj_undone", 3, 1);
    await expect(
      stores.db.transaction().execute(async (tx) => {
        await appendEvents(tx, events);
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await relay().drain();
    expect(await eventIds(stores.warehouse, "events", "prj_undone")).toEqual([]);
  });

  it("does not skip a transaction that commits after a later one", async () => {
    const [early, late] = [someEvents("prj_early", 1, 2), someEvents("prj_late", 1, 3)];
    let commit: () => void = () => undefined;
    const mayCommit = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let appended: () => void = () => undefined;
    const hasAppended = new Promise<void>((resolve) => {
      appended = resolve;
    });
    const slow = stores.db.transaction().execute(async (tx) => {
      await appendEvents(tx, late);
      appended();
      await mayCommit;
    });
    await hasAppended;
    await appendEvents(stores.db, early);
    // The open transaction holds the horizon: its neighbour's event waits rather than letting the cursor pass.
    await expect(relay().drain(300)).rejects.toThrow("not drained");
    commit();
    await slow;
    await relay().drain();
    expect(await eventIds(stores.warehouse, "events", "prj_late")).toEqual(idsOf(late));
    expect(await eventIds(stores.warehouse, "events", "prj_early")).toEqual(idsOf(early));
  });

  it("sends the same rows again when it died between insert and mark, and nobody sees it", async () => {
    const events = someEvents("prj_again", 40, 4);
    await appendEvents(stores.db, events);
    await relay().drain();
    await stores.pool.query(
      "update relay_batch set delivered_at = null where number = (select max(number) from relay_batch)",
    );
    await relay().drain();
    expect(await eventIds(stores.warehouse, "events_raw", "prj_again")).toEqual(idsOf(events));
    expect(await eventIds(stores.warehouse, "events", "prj_again")).toEqual(idsOf(events));
  });

  it("shows events once even when ClickHouse has forgotten the batch and stores its rows twice", async () => {
    const events = someEvents("prj_twice", 40, 5);
    await appendEvents(stores.db, events);
    await relay().drain();
    await stores.warehouse.command({ query: "SYSTEM STOP MERGES events_raw" });
    await stores.warehouse.command({
      query: "INSERT INTO events_raw SELECT * FROM events_raw WHERE project_id = 'prj_twice'",
      clickhouse_settings: { insert_deduplicate: 0, max_partitions_per_insert_block: "0" },
    });
    expect(await eventIds(stores.warehouse, "events_raw", "prj_twice")).toHaveLength(80);
    expect(await eventIds(stores.warehouse, "events", "prj_twice")).toEqual(idsOf(events));
    await stores.warehouse.command({ query: "SYSTEM START MERGES events_raw" });
  });

  it("dead-letters rows that cannot be mapped or that ClickHouse refuses, and delivers all others", async () => {
    const events = someEvents("prj_poison", 60, 6);
    await appendEvents(stores.db, events);
    await stores.pool.query(
      "update outbox set payload = '{}' where event_id in ('prj_poison-000010', 'prj_poison-000011')",
    );
    await stores.warehouse.command({
      query:
        "ALTER TABLE events_raw ADD CONSTRAINT refused CHECK event_id NOT IN ('prj_poison-000030', 'prj_poison-000059')",
    });
    await relay().drain();
    await stores.warehouse.command({ query: "ALTER TABLE events_raw DROP CONSTRAINT refused" });
    const dead = await stores.pool.query("select event_id, error from dead_letter order by event_id");
    expect(dead.rows.map((row) => row.event_id)).toEqual([10, 11, 30, 59].map((at) => `prj_poison-0000${at}`));
    expect(dead.rows[2].error).toContain("refused");
    const delivered = await eventIds(stores.warehouse, "events", "prj_poison");
    expect(delivered).toEqual(idsOf(events).filter((id) => !dead.rows.some((row) => row.event_id === id)));
    expect(await readLag(stores.pool)).toEqual({ rows: 0, seconds: 0 });
  });

  it("counts what waits and its age, and nothing once it is delivered", async () => {
    await appendEvents(stores.db, someEvents("prj_lag", 25, 8));
    await stores.pool.query(
      "update outbox set recorded_at = now() - interval '90 seconds' where event_id = 'prj_lag-000000'",
    );
    const lag = await readLag(stores.pool);
    expect(lag.rows).toBe(25);
    expect(lag.seconds).toBeGreaterThanOrEqual(90);
    await relay().drain();
    expect(await readLag(stores.pool)).toEqual({ rows: 0, seconds: 0 });
  });

  it("delivers a history of many years and a batch of one row alike", async () => {
    const events = someEvents("prj_history", 700, 9);
    await appendEvents(stores.db, events);
    await createRelay({ ...stores, log, batchRows: 300 }).drain();
    await appendEvents(stores.db, someEvents("prj_single", 1, 10));
    await relay().drain();
    expect(await eventIds(stores.warehouse, "events", "prj_history")).toEqual(idsOf(events));
    expect(await eventIds(stores.warehouse, "events", "prj_single")).toHaveLength(1);
  });

  it("stops when its cursor is ahead of the server, as after a logical dump, and forgets nothing then", async () => {
    await appendEvents(stores.db, someEvents("prj_moved", 3, 13));
    await relay().drain();
    const moved = "update relay_batch set upto_xid = $1::xid8 where number = (select max(number) from relay_batch)";
    const kept = await stores.pool.query("select upto_xid::text from relay_batch order by number desc limit 1");
    await stores.pool.query(moved, ["4000000000"]);
    await appendEvents(stores.db, someEvents("prj_moved", 2, 14));
    const client = await stores.pool.connect();
    try {
      await expect(readHead(client)).rejects.toThrow(/logical dump/);
      await stores.pool.query("update relay_batch set delivered_at = delivered_at - interval '8 days'");
      await pruneOutbox(stores.pool, 7, 100);
      const left = await stores.pool.query("select count(*) as count from outbox where project_id = 'prj_moved'");
      expect(left.rows[0].count).toBe(5);
    } finally {
      client.release();
      await stores.pool.query(moved, [kept.rows[0].upto_xid]);
      await stores.pool.query("update relay_batch set delivered_at = now()");
    }
    await relay().drain();
    expect(await eventIds(stores.warehouse, "events", "prj_moved")).toHaveLength(5);
  });

  it("forgets delivered rows after their days, but neither fresh ones nor dead letters nor its place", async () => {
    const deadBefore = await stores.pool.query("select event_id from dead_letter order by 1");
    await stores.pool.query("update relay_batch set delivered_at = delivered_at - interval '8 days'");
    await stores.pool.query("update outbox set recorded_at = recorded_at - interval '8 days'");
    await appendEvents(stores.db, someEvents("prj_fresh", 5, 11));
    await relay().drain();
    await appendEvents(stores.db, someEvents("prj_waiting", 5, 12));
    expect(await pruneOutbox(stores.pool, 7, 100)).toBeGreaterThan(800);
    const left = await stores.pool.query("select event_id, project_id from outbox order by 1");
    expect(left.rows.filter((row) => row.project_id === "prj_fresh")).toHaveLength(5);
    expect(left.rows.filter((row) => row.project_id === "prj_waiting")).toHaveLength(5);
    expect(left.rows.filter((row) => row.project_id === "prj_poison").map((row) => row.event_id)).toEqual(
      deadBefore.rows.map((row) => row.event_id),
    );
    await relay().drain();
    expect(await eventIds(stores.warehouse, "events", "prj_waiting")).toHaveLength(5);
  });
});

describe("draining", () => {
  const stores = useStores();

  it("knows transaction 1000 for newer than transaction 999", async () => {
    // On a young server these ids would still lie in the future, above every horizon.
    for (let now = 0; now <= 1000; ) {
      now = Number((await stores.pool.query("select pg_current_xact_id()::text as xid")).rows[0].xid);
    }
    for (const xid of ["999", "1000"]) {
      await appendEvents(stores.db, someEvents(`prj_${xid}`, 1, 15));
      await stores.pool.query("update outbox set xid = $1::xid8 where project_id = $2", [xid, `prj_${xid}`]);
      await createRelay({ ...stores, log }).drain();
      expect(await eventIds(stores.warehouse, "events", `prj_${xid}`)).toHaveLength(1);
    }
  });
});

describe("several relays", () => {
  const stores = useStores();

  it("have one that works and others that take over, one after the other, when it dies", async () => {
    await stores.warehouse.command({ query: "SYSTEM STOP MERGES events_raw" });
    const stop = new AbortController();
    const nameOf = (number: number) => `relay-${number}`;
    const pools = [1, 2, 3].map((number) =>
      createPool({ connectionString: stores.databaseUrl, max: 2, applicationName: nameOf(number) }),
    );
    const relays = pools.map((pool) => createRelay({ ...stores, pool, log }));
    const running = relays.map((relay) => relay.run(stop.signal));
    for (const relay of relays) await expect.poll(relay.ready).toBe(true);
    const leader = async () => {
      const { rows } = await stores.pool.query(
        `select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
         where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
           and (l.classid::bigint << 32) + l.objid::bigint = $1`,
        [relayLock],
      );
      return rows.map((row) => row.name as string);
    };

    const leaders = new Set<string>();
    const all: Event[] = [];
    // The one that was cut off may be the quickest to come back.
    for (let turn = 0; turn < 3 || (leaders.size === 1 && turn < 15); turn++) {
      // Of one month: each month is a part of every insert, and nothing merges them here.
      const events = someEvents(`prj_turn_${turn}`, 80, 20 + turn).map((event) => ({
        ...event,
        occurred_at: "2026-11-22T10:00:00.000Z",
      }));
      all.push(...events);
      await Promise.all([0, 1, 2, 3].map((at) => appendEvents(stores.db, events.slice(at * 20, at * 20 + 20))));
      await expect.poll(leader, { timeout: 20_000 }).toHaveLength(1);
      const [working] = await leader();
      leaders.add(working ?? "");
      // In the middle of its work, or just after.
      await stores.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1", [
        working,
      ]);
      await expect
        .poll(() => eventIds(stores.warehouse, "events", `prj_turn_${turn}`), { timeout: 20_000 })
        .toHaveLength(80);
    }
    expect(leaders.size).toBeGreaterThan(1);
    stop.abort();
    await Promise.all(running);
    await Promise.all(pools.map((pool) => pool.end()));
    await createRelay({ ...stores, log }).drain();
    const raw = await query<{ rows: number; ids: number }>(
      stores.warehouse,
      "SELECT toInt64(count()) AS rows, toInt64(uniqExact(event_id)) AS ids FROM events_raw",
    );
    expect(raw).toEqual([{ rows: all.length, ids: all.length }]);
    const batches = await stores.pool.query("select count(*)::int as open from relay_batch where delivered_at is null");
    expect(batches.rows[0].open).toBe(0);
  });
});
