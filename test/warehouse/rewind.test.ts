/** Setting the relay back, as a restore does; and what a backup keeps others from meanwhile. */
import { pino } from "pino";
import { expect, it } from "vitest";
import { openBackupSession } from "../../api/backup/cluster-copy.ts";
import { backupLock, relayLock } from "../../ingest/locks.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { rewindRelay } from "../../ingest/rewind.ts";
import { tryLock, tryLockShared, unlockShared, withSession } from "../../ingest/session.ts";
import { useStores } from "../support/stores.ts";
import { shop } from "./shop.ts";

const log = pino({ level: "silent" });
const stores = useStores();
const relay = () => createRelay({ pool: stores.pool, warehouse: stores.warehouse, log });

async function announce(project: string, customers: readonly string[]): Promise<void> {
  const { customer } = shop(project, "M");
  for (const name of customers) {
    const event = customer(name, "2026-03-01T10:00:00Z");
    await appendEvents(stores.db, [{ ...event, event_id: `${project}-${name}` }]);
    await relay().drain();
  }
}

async function count(table: "events" | "events_raw", project: string): Promise<number> {
  const result = await stores.warehouse.query({
    query: `SELECT count() AS n FROM ${table} WHERE project_id = {project: String}`,
    query_params: { project },
    format: "JSONEachRow",
  });
  return (await result.json<{ n: number }>())[0]?.n ?? -1;
}

const newestBatch = async () =>
  (await stores.pool.query<{ number: number }>("select max(number)::int as number from relay_batch")).rows[0]?.number ??
  0;

it("delivers again what came after the batch, into a warehouse that has it and into one that lost it, each once", async () => {
  const project = "prj_rewind";
  await announce(project, ["anna"]);
  const batch = await newestBatch();
  await announce(project, ["bela", "cleo"]);
  expect(await count("events", project)).toBe(3);

  // As if the copy of ClickHouse had been made between bela and cleo.
  await stores.warehouse.command({
    query: "ALTER TABLE events_raw DELETE WHERE customer = 'cleo' SETTINGS mutations_sync = 2",
  });
  const { batches } = await withSession(stores.pool, (client) => rewindRelay(client, batch));
  expect(batches).toBe(2);
  await relay().drain();
  expect(await count("events", project)).toBe(3);
});

it("begins anew where nothing had been delivered", async () => {
  const project = "prj_anew";
  await announce(project, ["anna"]);
  await stores.warehouse.command({
    query: "ALTER TABLE events_raw DELETE WHERE project_id = 'prj_anew' SETTINGS mutations_sync = 2",
  });
  await withSession(stores.pool, (client) => rewindRelay(client, null));
  await relay().drain();
  expect(await count("events", project)).toBe(1);
});

it("refuses where the outbox no longer reaches back, and changes nothing", async () => {
  await announce("prj_pruned", ["anna"]);
  const newest = await newestBatch();
  const stream = () => stores.pool.query<{ id: string }>("select id from relay_stream").then(({ rows }) => rows[0]?.id);
  const before = await stream();
  await expect(withSession(stores.pool, (client) => rewindRelay(client, newest + 1_000))).rejects.toThrow(/not there/);
  expect(await stream()).toBe(before);
  expect(await newestBatch()).toBe(newest);
});

it("a backup keeps out who changes both stores, not the relay; and its end, however it ends, lets them in", async () => {
  const session = await openBackupSession(stores.databaseUrl);
  await withSession(stores.pool, async (client) => {
    expect(await tryLockShared(client, backupLock)).toBe(false);
    expect(await tryLock(client, relayLock)).toBe(true);
  });
  await session.end();
  await withSession(stores.pool, async (client) => {
    await expect.poll(() => tryLockShared(client, backupLock)).toBe(true);
    await unlockShared(client, backupLock);
  });
});
