/**
 * One pass of an erasure: everything that is stored under the identifier is taken out of both stores. Every step may be
 * repeated, and after a crash all of them are.
 *
 * What was decided before the customer was renamed may be committed a moment later, with the identifier in what it
 * announces. So the erasure is done by a pass that begins when nothing of before can be under way any more and that
 * finds nothing. All that comes under the identifier until then is taken for the same person's; a purchase after it makes
 * a new customer.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { backupLock, warehouseRewriteLock } from "../../ingest/locks.ts";
import { withSession } from "../../ingest/session.ts";
import { forgetSignals } from "../signals/forget.ts";
import type { Person } from "./person.ts";
import type { ErasureRow } from "./queries.ts";
import { renameCustomer } from "./rename.ts";
import { rewriteOutbox } from "./rewrite-outbox.ts";
import { type Erased, rewritePlaces, transaction } from "./rewrite-places.ts";
import { rewriteWarehouse } from "./rewrite-warehouse.ts";

/** Longer than any request or chunk of a job may take from reading a customer to committing what they did. */
export const graceSeconds = 60;

export interface ErasureStores {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
}

/** The relay holds its lock for seconds; a backup for minutes. */
const lockWaitMs = 60_000;
const openBatchTries = 600;

/** @returns whether this was the last pass: what is hidden in the warehouse has still to be removed. */
export async function erasePass(
  { pool, warehouse }: ErasureStores,
  erasure: ErasureRow,
  grace = graceSeconds,
): Promise<boolean> {
  if (erasure.person === null) throw new Error(`erasure ${erasure.id} is done`);
  const person = erasure.person as Person;
  return withSession(pool, async (client) => {
    const last = await isSettled(client, erasure, grace);
    const erased = await renameCustomer(client, erasure, person);
    const counts = await rewritePlaces(client, erased);
    await whileNotBackedUp(client, async () => {
      // The stores differ from here on until the last step is done: nothing that takes minutes may come between.
      counts.outbox = await rewriteOutbox(client, erased, false);
      await whileNothingIsCarried(client, async () => {
        counts.outbox = (counts.outbox ?? 0) + (await rewriteOutbox(client, erased, true));
        counts.events_raw = await rewriteWarehouse(warehouse, client, erased);
      });
    });
    // No row of the outbox that names the person is left, nor in the hands of the consumer that would read it.
    const alone = <T>(work: () => Promise<T>) => transaction(client, work);
    counts.signal_state = await forgetSignals(client, alone, erased.projectId, erased.person.identifier);
    await addCounts(client, erasure, erased, counts);
    // Somebody of that name came while it was under way: what they did is on its way too. And a pass that found anything
    // may have found it in one place and looked too early in another, so the last one finds nothing anywhere.
    const newcomer = erased.customerIds.length > erasure.customer_ids.length;
    return last && !newcomer && Object.values(counts).every((rows) => rows === 0);
  });
}

/** Whether the identifier was replaced long enough ago, by the database's clock. */
async function isSettled(client: pg.ClientBase, erasure: ErasureRow, grace: number): Promise<boolean> {
  const { rows } = await client.query<{ settled: boolean }>(
    `select coalesce(renamed_at + make_interval(secs => $3) <= now(), false) as settled
     from erasure where project_id = $1 and id = $2`,
    [erasure.project_id, erasure.id, grace],
  );
  return rows[0]?.settled ?? false;
}

async function whileNotBackedUp<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  // To wait for a lock is a statement too, and a pool's sessions give a statement less time.
  await client.query(`set lock_timeout = ${lockWaitMs}; set statement_timeout = 0`);
  await client.query("select pg_advisory_lock_shared($1)", [backupLock]);
  try {
    return await work();
  } finally {
    await client.query("select pg_advisory_unlock_shared($1)", [backupLock]);
  }
}

/** Runs `work` while no relay has rows of the outbox in hand and none is left half delivered. */
async function whileNothingIsCarried<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    await client.query("select pg_advisory_lock($1)", [warehouseRewriteLock]);
    const { rowCount } = await client.query("select from relay_batch where delivered_at is null");
    if (rowCount === 0) break;
    await client.query("select pg_advisory_unlock($1)", [warehouseRewriteLock]);
    if (tries >= openBatchTries) throw new Error("a batch has been open for a minute");
    await client.query("select pg_sleep(0.1)");
  }
  try {
    return await work();
  } finally {
    await client.query("select pg_advisory_unlock($1)", [warehouseRewriteLock]);
  }
}

async function addCounts(client: pg.ClientBase, erasure: ErasureRow, erased: Erased, counts: Record<string, number>) {
  const newcomers = erased.customerIds.length - erasure.customer_ids.length;
  const all: Record<string, number> = { ...erasure.counts };
  for (const [place, rows] of Object.entries({ customer: newcomers, ...counts })) all[place] = (all[place] ?? 0) + rows;
  await client.query(
    "update erasure set counts = $3, passes = passes + 1, error = null where project_id = $1 and id = $2",
    [erasure.project_id, erasure.id, JSON.stringify(all)],
  );
}
