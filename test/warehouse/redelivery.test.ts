/** What was not delivered, or was lost afterwards, comes to the warehouse exactly once after all. */
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { retryDeadLetters } from "../../ingest/dead-letters/retry.ts";
import type { Event } from "../../ingest/events/events.ts";
import { warehouseRewriteLock } from "../../ingest/locks.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { pruneOutbox } from "../../ingest/prune.ts";
import { redeliver } from "../../ingest/redeliver/redeliver.ts";
import { createRelay } from "../../ingest/relay.ts";
import { withSession } from "../../ingest/session.ts";
import { reconcile } from "../../warehouse/reconcile.ts";
import { useStores } from "../support/stores.ts";
import { anyEvent, eventTypes } from "../unit/ingest/arbitrary.ts";

const log = pino({ level: "silent" });
const ever = { from: new Date("2000-01-01"), to: new Date("2100-01-01") };

function someEvents(project: string, count: number, seed: number): Event[] {
  const any = fc.constantFrom(...eventTypes).chain((type) => anyEvent(type, fc.constant(project)));
  return fc.sample(any, { numRuns: count, seed }).map((event, at) => ({
    ...event,
    event_id: `${project}-${String(at).padStart(4, "0")}`,
    // Of three months: each is a partition, which a deletion rewrites.
    occurred_at: new Date(Date.UTC(2026, at % 3, 1 + (at % 28))).toISOString(),
  }));
}

const idsOf = (events: readonly Event[]) => events.map((event) => event.event_id).sort();

function useDelivery() {
  const stores = useStores();
  const drain = () => createRelay({ ...stores, log }).drain();
  const retry = (choice: { eventId?: string; type?: string }) =>
    withSession(stores.pool, (client) => retryDeadLetters(client, stores.warehouse, choice));
  const shown = async (project: string, table = "events") => {
    const result = await stores.warehouse.query({
      query: `SELECT event_id, payload FROM ${table} WHERE project_id = {project: String} ORDER BY event_id`,
      query_params: { project },
      format: "JSONEachRow",
    });
    return result.json<{ event_id: string; payload: string }>();
  };
  const dead = async () =>
    (await stores.pool.query("select event_id, error from dead_letter order by event_id")).rows as {
      event_id: string;
      error: string;
    }[];
  /** Everything that the outbox holds, exactly: ids and contents. */
  const agree = async () => {
    const checks = new Set(["all events by type"]);
    const result = await reconcile({ ...stores, scope: { checks } });
    expect(result.compared).toBeGreaterThan(0);
    return result.drifts;
  };
  return { stores, drain, retry, shown, dead, agree };
}

describe("dead letters", () => {
  const { stores, drain, retry, shown, dead, agree } = useDelivery();
  const refuse = (ids: readonly string[]) =>
    stores.warehouse.command({
      query: `ALTER TABLE events_raw ADD CONSTRAINT refused CHECK event_id NOT IN (${ids.map((id) => `'${id}'`).join(", ")})`,
    });
  const accept = () => stores.warehouse.command({ query: "ALTER TABLE events_raw DROP CONSTRAINT refused" });

  it("are delivered by a retry once nothing stands in their way, and keep the newest error until then", async () => {
    const events = someEvents("prj_poison", 30, 6);
    const [first, second, third] = idsOf(events).slice(10, 13) as [string, string, string];
    await appendEvents(stores.db, events);
    const [kept] = (await stores.pool.query("select payload from outbox where event_id = $1", [first])).rows;
    await stores.pool.query("update outbox set payload = '{}' where event_id = $1", [first]);
    await refuse([second, third]);
    await drain();
    expect((await dead()).map((letter) => letter.event_id)).toEqual([first, second, third]);
    expect(await agree()).not.toEqual([]);

    expect(await retry({ eventId: third })).toMatchObject({ delivered: 0, failed: [{ event_id: third }] });
    await stores.pool.query("update outbox set version = 9 where event_id = $1", [first]);
    expect(await retry({})).toMatchObject({ delivered: 0, failed: [{}, {}, {}] });
    expect((await dead())[0]?.error).toContain("newer than this service reads");

    await accept();
    expect(await retry({ eventId: second })).toEqual({ delivered: 1, failed: [] });
    await stores.pool.query("update outbox set version = 1, payload = $2 where event_id = $1", [first, kept.payload]);
    expect(await retry({})).toEqual({ delivered: 2, failed: [] });
    expect(await dead()).toEqual([]);
    expect((await shown("prj_poison")).map((row) => row.event_id)).toEqual(idsOf(events));
    expect(await agree()).toEqual([]);
  });

  it("come once though two retries and a relay work at the same time", async () => {
    const events = someEvents("prj_crowd", 60, 7);
    await appendEvents(stores.db, events);
    await refuse(idsOf(events).filter((_, at) => at % 3 === 0));
    await drain();
    await accept();
    await stores.warehouse.command({ query: "SYSTEM STOP MERGES events_raw" });
    const stop = new AbortController();
    const relaying = createRelay({ ...stores, log }).run(stop.signal);
    const more = someEvents("prj_more", 40, 8);
    const [one, two] = await Promise.all([retry({}), retry({}), appendEvents(stores.db, more)]);
    expect(one.delivered + two.delivered).toBeGreaterThanOrEqual(20);
    expect([...one.failed, ...two.failed]).toEqual([]);
    stop.abort();
    await relaying;
    await drain();
    await stores.warehouse.command({ query: "SYSTEM START MERGES events_raw" });
    expect((await shown("prj_crowd")).map((row) => row.event_id)).toEqual(idsOf(events));
    expect((await shown("prj_more")).map((row) => row.event_id)).toEqual(idsOf(more));
    expect(await agree()).toEqual([]);
  });

  it("that outlived the rows around them leave the outbox with their retry", async () => {
    const events = someEvents("prj_old", 10, 9);
    await appendEvents(stores.db, events);
    const [poison] = idsOf(events) as [string];
    await refuse([poison]);
    await drain();
    await accept();
    await stores.pool.query("update relay_batch set delivered_at = delivered_at - interval '8 days'");
    await stores.pool.query("update outbox set recorded_at = recorded_at - interval '8 days'");
    await appendEvents(stores.db, someEvents("prj_new", 5, 10));
    await drain();
    await pruneOutbox(stores.pool, 7);
    expect(await retry({ type: "no.such" })).toEqual({ delivered: 0, failed: [] });
    expect(await retry({ eventId: poison })).toEqual({ delivered: 1, failed: [] });
    const left = await stores.pool.query("select distinct project_id from outbox");
    expect(left.rows).toEqual([{ project_id: "prj_new" }]);
    expect(await agree()).toEqual([]);
  });
});

describe("a range of time sent again", () => {
  const { stores, drain, shown, agree } = useDelivery();
  const again = (range = ever) => withSession(stores.pool, (client) => redeliver(client, stores.warehouse, range));

  it("brings back exactly what the warehouse lost, and nobody sees what it had", async () => {
    const events = someEvents("prj_lost", 200, 11);
    await appendEvents(stores.db, events);
    await drain();
    const before = await shown("prj_lost");
    await stores.warehouse.command({
      query: "DELETE FROM events_raw WHERE project_id = 'prj_lost' AND cityHash64(event_id) % 3 = 0",
      clickhouse_settings: { lightweight_deletes_sync: "2" },
    });
    expect((await shown("prj_lost")).length).toBeLessThan(before.length);
    expect(await agree()).not.toEqual([]);
    await appendEvents(stores.db, someEvents("prj_waits", 5, 12));
    // What the relay has not sent is not ours to send.
    expect(await again()).toEqual({ sent: 200, failed: [], deadLetters: 0, incompleteBefore: undefined });
    expect(await shown("prj_lost")).toEqual(before);
    expect(await shown("prj_waits")).toEqual([]);
    await drain();
    expect(await agree()).toEqual([]);
  });

  it("is the range that was asked for, and says when the outbox no longer holds all of it", async () => {
    await stores.pool.query("update outbox set recorded_at = '2026-01-05T12:00:00Z' where project_id = 'prj_waits'");
    const day = { from: new Date("2026-01-05"), to: new Date("2026-01-06") };
    expect(await again(day)).toMatchObject({ sent: 5, incompleteBefore: undefined });
    await stores.pool.query(
      "insert into outbox_pruned (upto_xid, upto_seq, recorded_until) values ('3', 1, '2026-01-05T10:00:00Z')",
    );
    expect((await again(day)).incompleteBefore).toEqual(new Date("2026-01-05T10:00:00Z"));
    expect((await again({ ...day, from: new Date("2026-01-05T11:00:00Z") })).incompleteBefore).toBeUndefined();
    expect(await again({ from: new Date("2026-01-06"), to: new Date("2026-01-07") })).toMatchObject({ sent: 0 });
  });

  it("says so too when the outbox is emptied while it is read", async () => {
    await stores.pool.query("delete from outbox_pruned");
    await stores.pool.query("update outbox set recorded_at = '2026-01-08T12:00:00Z' where project_id = 'prj_waits'");
    const day = { from: new Date("2026-01-08"), to: new Date("2026-01-09") };
    const emptying = new Proxy(stores.warehouse, {
      get: (warehouse, name) => async (options: never) => {
        await stores.pool.query(
          "insert into outbox_pruned (upto_xid, upto_seq, recorded_until) values ('3', 1, '2026-01-08T18:00:00Z')",
        );
        return Reflect.get(warehouse, name).call(warehouse, options);
      },
    });
    const done = await withSession(stores.pool, (client) => redeliver(client, emptying, day));
    expect(done).toMatchObject({ sent: 5, incompleteBefore: new Date("2026-01-08T18:00:00Z") });
  });

  it("waits while stored events are rewritten, as the relay does", async () => {
    const rewriter = await stores.pool.connect();
    await rewriter.query("select pg_advisory_lock($1)", [warehouseRewriteLock]);
    await appendEvents(stores.db, someEvents("prj_later", 3, 13));
    let done = false;
    const sending = again().finally(() => {
      done = true;
    });
    await expect(createRelay({ ...stores, log }).drain(400)).rejects.toThrow("not drained");
    expect(done).toBe(false);
    rewriter.release(true);
    await sending;
    await drain();
    expect(await shown("prj_later")).toHaveLength(3);
  });
});
