/** Kills everything between a committed event and the warehouse at random points, and counts what is lost or doubled. */
import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { pino } from "pino";
import { expect, it } from "vitest";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { reconcile } from "../../warehouse/reconcile.ts";
import { useStores } from "../support/stores.ts";
import { anyEvent, eventTypes } from "../unit/ingest/arbitrary.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";

const seed = 20_261_122;
const writers = 4;
const transactionsEach = 100;
const relays = 2;
const project = "prj_chaos";

/** Mulberry32: small, seeded, good enough to choose what breaks next. */
function randomFrom(start: number) {
  let state = start;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { chance: (share: number) => next() < share, below: (limit: number) => Math.floor(next() * limit) };
}

const stores = useStores();

it("loses and doubles nothing while relays, ClickHouse and Postgres connections are killed at random", async () => {
  const random = randomFrom(seed);
  // Merging would remove doubles in the background, and with them the evidence.
  await stores.warehouse.command({ query: "SYSTEM STOP MERGES events_raw" });
  const proxy = await startCuttingProxy(stores.clickhouseUrl);
  const templates = fc.sample(
    fc.constantFrom(...eventTypes).chain((type) => anyEvent(type, fc.constant(project))),
    { numRuns: 300, seed },
  );
  let minted = 0;
  const someEvents = (count: number): Event[] =>
    Array.from({ length: count }, () => {
      minted += 1;
      const template = templates[minted % templates.length] as Event;
      // Three months: each is a partition, and a part of every insert.
      const occurredAt = new Date(Date.UTC(2026, random.below(3), 1 + random.below(28), random.below(24)));
      return { ...template, event_id: `evt-${minted}`, occurred_at: occurredAt.toISOString() };
    });

  let committed = 0;
  const write = async (): Promise<void> => {
    const pool = createPool({ connectionString: stores.databaseUrl, max: 2, applicationName: "chaos-writer" });
    const db = createKysely(pool);
    for (let turn = 0; turn < transactionsEach; turn++) {
      const events = someEvents(1 + random.below(20));
      const fate = random.below(20);
      await db
        .transaction()
        .execute(async (tx) => {
          await appendEvents(tx, events);
          // Open for longer than a relay idles: others begin later, commit earlier, and a careless cursor passes us.
          if (fate < 2) await pause(200 + random.below(400));
          if (fate > 17) throw new Error("rolled back");
        })
        .then(
          () => {
            committed += 1;
          },
          () => undefined,
        );
    }
    await db.destroy();
  };

  let warnings = 0;
  const log = pino({ level: "warn" }, { write: () => (warnings += 1) });
  const startRelay = (number: number) => {
    const stop = new AbortController();
    const pool = createPool({ connectionString: stores.databaseUrl, max: 2, applicationName: "chaos-relay" });
    const warehouse = createWarehouse({ url: proxy.url, database: stores.warehouseDatabase });
    const relay = createRelay({ pool, warehouse, log, batchRows: 50 + 100 * number });
    const running = relay.run(stop.signal).finally(() => Promise.all([pool.end(), warehouse.close()]));
    const kill = () => {
      stop.abort();
      return running;
    };
    return { kill };
  };
  const alive = Array.from({ length: relays }, (_, number) => startRelay(number));

  const terminate = (applicationName: string) =>
    stores.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = $1 and datname = current_database() order by md5(pid::text || $2::text) limit 1`,
      [applicationName, random.below(1000)],
    );
  const actions = {
    cutClickHouse: async () => proxy.cut(),
    cutRequest: async () => proxy.cutAfter(random.below(60_000), "request"),
    cutAnswer: async () => proxy.cutAfter(random.below(400), "answer"),
    killRelaySession: () => terminate("chaos-relay"),
    killWriterSession: () => terminate("chaos-writer"),
    killRelay: async () => {
      const number = random.below(relays);
      const dying = alive[number]?.kill();
      // The next one starts while this one may still hold its lock and its insert.
      alive[number] = startRelay(number);
      await dying;
    },
  };
  const done = new Map<string, number>();
  let writing = true;
  const breaking = (async () => {
    while (writing) {
      const names = Object.keys(actions) as (keyof typeof actions)[];
      const name = names[random.below(names.length)] as keyof typeof actions;
      await actions[name]();
      done.set(name, (done.get(name) ?? 0) + 1);
      await pause(20 + random.below(100));
    }
  })();

  await Promise.all(Array.from({ length: writers }, write));
  writing = false;
  await breaking;
  await Promise.all(alive.map((relay) => relay.kill()));
  await proxy.close();
  await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();

  const announced = await stores.pool.query<{ event_id: string }>("select event_id from outbox");
  const arrivedIn = async (table: "events" | "events_raw") => {
    const result = await stores.warehouse.query({ query: `SELECT event_id FROM ${table}`, format: "JSONEachRow" });
    return (await result.json<{ event_id: string }>()).map((row) => row.event_id);
  };
  const arrivedIds = await arrivedIn("events");
  const expected = new Set(announced.rows.map((row) => row.event_id));
  expect({
    lost: [...expected].filter((id) => !new Set(arrivedIds).has(id)).length,
    invented: arrivedIds.filter((id) => !expected.has(id)).length,
    doubled: arrivedIds.length - new Set(arrivedIds).size,
    storedTwice: (await arrivedIn("events_raw")).length - arrivedIds.length,
    deadLetters: (await stores.pool.query("select from dead_letter")).rowCount,
  }).toEqual({ lost: 0, invented: 0, doubled: 0, storedTwice: 0, deadLetters: 0 });

  const { drifts } = await reconcile({ ...stores });
  expect(drifts.filter((drift) => drift.check === "all events by type")).toEqual([]);

  // The day was bad enough to mean something.
  expect(committed).toBeGreaterThan((writers * transactionsEach) / 2);
  expect([...done.keys()].sort()).toEqual(Object.keys(actions).sort());
  expect(proxy.cuts).toBeGreaterThan(5);
  expect(warnings).toBeGreaterThan(5);
}, 60_000);
