/** Readers of the outbox inside Postgres: each event takes effect once and in order, whatever happens in between. */
import { sql } from "kysely";
import pino from "pino";
import { describe, expect, it } from "vitest";
import { type ConsumedEvent, type ConsumerOptions, drainConsumer, runConsumer } from "../../ingest/consumer.ts";
import { readConsumers } from "../../ingest/consumer-cursor.ts";
import type { Event } from "../../ingest/events/events.ts";
import { warehouseRewriteLock } from "../../ingest/locks.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { pruneOutbox } from "../../ingest/prune.ts";
import { withSession } from "../../ingest/session.ts";
import { useStores } from "../support/stores.ts";

const stores = useStores();
const log = pino({ level: "silent" });

/** Events of one kind with a number each, so that their order can be seen. */
function events(project: string, from: number, count: number, type = "custom.recorded" as const): Event[] {
  return Array.from({ length: count }, (_, at) => ({
    event_id: `evt_${project}_${from + at}`,
    project_id: project,
    type,
    version: 1,
    occurred_at: "2026-11-01T10:00:00.000Z",
    payload: { customer: null, custom_event_id: `${from + at}`, name: "n", properties: {} },
  }));
}

async function effects(consumer: string): Promise<number[]> {
  const { rows } = await stores.pool.query<{ number: number }>(
    "select number from effect where consumer = $1 order by place",
    [consumer],
  );
  return rows.map((row) => row.number);
}

type Custom = ConsumedEvent<"custom.recorded">;

/** A consumer of one project's events that writes their numbers down, in a table that knows in which order. */
async function numbers(
  name: string,
  project: string,
  interfere: (batch: readonly Custom[]) => Promise<void> | void = () => undefined,
): Promise<ConsumerOptions<"custom.recorded">> {
  await stores.pool.query(
    "create table if not exists effect (place bigint generated always as identity, consumer text, number integer)",
  );
  return {
    db: stores.db,
    log,
    name,
    types: ["custom.recorded"],
    batchRows: 50,
    handle: async (tx, batch) => {
      const mine = batch.filter((event) => event.project_id === project);
      for (const event of mine) {
        await sql`insert into effect (consumer, number) values (${name}, ${Number(event.payload.custom_event_id)})`.execute(
          tx,
        );
      }
      await interfere(mine);
    },
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

describe("a consumer", () => {
  it("handles every event once and in order, from the oldest row there is, and passes over other types", async () => {
    await appendEvents(stores.db, events("prj_order", 0, 120));
    await appendEvents(stores.db, [
      {
        event_id: "evt_other",
        project_id: "prj_order",
        type: "customer.erased",
        version: 1,
        occurred_at: "2026-11-01T10:00:00.000Z",
        payload: { customer: "x" },
      },
    ]);
    const consumer = await numbers("order", "prj_order");
    await drainConsumer(consumer);
    await drainConsumer(consumer);
    expect(await effects("order")).toEqual(upTo(120));
    await appendEvents(stores.db, events("prj_order", 120, 3));
    await drainConsumer(consumer);
    expect(await effects("order")).toEqual(upTo(123));
    expect((await readConsumers(stores.pool)).find(({ name }) => name === "order")).toMatchObject({
      rows: 0,
      seconds: 0,
      failures: 0,
    });
  });

  it("has done nothing when it fails in the middle of a batch, and then does everything once", async () => {
    await appendEvents(stores.db, events("prj_fails", 0, 120));
    let failures = 0;
    const consumer = await numbers("fails", "prj_fails", (batch) => {
      if (batch.length > 0 && failures < 4) {
        failures += 1;
        throw new Error("in the middle");
      }
    });
    await drainConsumer(consumer);
    expect(failures).toBe(4);
    expect(await effects("fails")).toEqual(upTo(120));
  });

  it("is one when two run side by side, also when one of them loses its connection", async () => {
    await appendEvents(stores.db, events("prj_two", 0, 300));
    const stop = new AbortController();
    let cut = 0;
    const consumer = await numbers("two", "prj_two", async (batch) => {
      if (batch.length === 0 || cut >= 2) return;
      cut += 1;
      await stores.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction' and query like '%effect%'`,
      );
    });
    const both = [runConsumer(consumer, stop.signal), runConsumer(consumer, stop.signal)];
    await drainConsumer(consumer);
    await appendEvents(stores.db, events("prj_two", 300, 100));
    await drainConsumer(consumer);
    stop.abort();
    await Promise.all(both);
    expect(cut).toBe(2);
    expect(await effects("two")).toEqual(upTo(400));
  });

  it("skips no transaction that commits late: it waits for it, and takes it in its place", async () => {
    const consumer = await numbers("late", "prj_late");
    const client = await stores.pool.connect();
    try {
      await client.query("begin");
      const late = events("prj_late", 0, 1)[0] as Event;
      await client.query(
        "insert into outbox (event_id, project_id, type, occurred_at, payload) values ($1, $2, $3, $4, $5)",
        [late.event_id, late.project_id, late.type, late.occurred_at, JSON.stringify(late.payload)],
      );
      await appendEvents(stores.db, events("prj_late", 1, 5));
      await expect(drainConsumer(consumer, 300)).rejects.toThrow(/not drained/);
      expect(await effects("late")).toEqual([]);
      await client.query("commit");
    } finally {
      client.release();
    }
    await drainConsumer(consumer);
    expect(await effects("late")).toEqual(upTo(6));
  });

  it("puts a single event aside that always fails, says so, and goes on with the others", async () => {
    await appendEvents(stores.db, events("prj_poison", 0, 40));
    const consumer = await numbers("poison", "prj_poison", (batch) => {
      if (batch.some((event) => event.payload.custom_event_id === "17")) throw new TypeError("number 17");
    });
    await drainConsumer(consumer);
    expect(await effects("poison")).toEqual(upTo(40).filter((number) => number !== 17));
    const kept = await stores.pool.query("select event_id, error from event_consumer_failure where name = 'poison'");
    expect(kept.rows).toEqual([{ event_id: "evt_prj_poison_17", error: "number 17" }]);
    expect((await readConsumers(stores.pool)).find(({ name }) => name === "poison")?.failures).toBe(1);
  });

  it("derives nothing while stored events are rewritten", async () => {
    await appendEvents(stores.db, events("prj_rewritten", 0, 2));
    const consumer = await numbers("rewritten", "prj_rewritten");
    await withSession(stores.pool, async (client) => {
      await client.query("select pg_advisory_lock($1)", [warehouseRewriteLock]);
      await expect(drainConsumer(consumer, 200)).rejects.toThrow(/not drained/);
    });
    expect(await effects("rewritten")).toEqual([]);
    await drainConsumer(consumer);
    expect(await effects("rewritten")).toEqual([0, 1]);
  });

  it("keeps the outbox from forgetting what it has not seen", async () => {
    // Everything before is delivered, long ago, and seen by all.
    const standing = await numbers("standing", "prj_kept");
    await drainConsumer(standing);
    await appendEvents(stores.db, events("prj_kept", 0, 3));
    await stores.pool.query(
      `insert into relay_batch (number, after_xid, after_seq, upto_xid, upto_seq, rows, delivered_at)
       select 1, '0', 0, o.xid, o.seq, 1, now() - interval '40 days'
       from outbox o order by o.xid desc, o.seq desc limit 1`,
    );
    await stores.pool.query("update outbox set recorded_at = recorded_at - interval '41 days'");
    const left = async () => (await stores.pool.query("select from outbox where project_id = 'prj_kept'")).rowCount;
    expect(await pruneOutbox(stores.pool, 7)).toBe(0);
    expect(await left()).toBe(3);
    const state = (await readConsumers(stores.pool)).find(({ name }) => name === "standing");
    expect(state).toMatchObject({ rows: 3 });
    expect(state?.seconds).toBeGreaterThan(40 * 86_400);
    await stores.pool.query("delete from event_consumer where name <> 'standing'");
    await drainConsumer(standing);
    expect(await pruneOutbox(stores.pool, 7)).toBeGreaterThan(3);
    expect(await left()).toBe(0);
    expect(await effects("standing")).toEqual(upTo(3));
  });
});
