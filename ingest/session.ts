/** A connection of one's own, and the advisory locks that live and die with it. */
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { backupLock, warehouseRewriteLock } from "./locks.ts";

const waitMs = 100;

/** Lends a connection and closes it afterwards: with the session ends whatever lock it holds. */
export async function withSession<T>(pool: pg.Pool, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that dies while no query runs tells only its listeners; the next query then fails.
  client.on("error", () => undefined);
  try {
    return await work(client);
  } finally {
    client.release(true);
  }
}

export async function tryLock(client: pg.ClientBase, key: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [key]);
  return rows[0]?.locked ?? false;
}

/** Does not wait, and stands back for who waits for the exclusive lock. */
export async function tryLockShared(client: pg.ClientBase, key: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock_shared($1) as locked", [key]);
  return rows[0]?.locked ?? false;
}

/** Whether a session waits for the lock in the exclusive mode: as long as it does, nobody gets it in the shared one. */
export async function isAwaited(client: pg.ClientBase, key: number): Promise<boolean> {
  const { rows } = await client.query<{ awaited: boolean }>(
    `select exists (
       select from pg_locks
       where locktype = 'advisory' and not granted and mode = 'ExclusiveLock' and objsubid = 1
         and database = (select oid from pg_database where datname = current_database())
         and (classid::bigint << 32) + objid::bigint = $1
     ) as awaited`,
    [key],
  );
  return rows[0]?.awaited ?? false;
}

export async function unlockShared(client: pg.ClientBase, key: number): Promise<void> {
  await client.query("select pg_advisory_unlock_shared($1)", [key]);
}

/**
 * What is read from the outbox must not reach the warehouse after somebody rewrote it in both, nor after a backup has
 * copied the one and before it has copied the other.
 */
export function whileNotRewritten<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  return whileShared(client, backupLock, () => whileShared(client, warehouseRewriteLock, work));
}

async function whileShared<T>(client: pg.ClientBase, lock: number, work: () => Promise<T>): Promise<T> {
  while (!(await tryLockShared(client, lock))) await pause(waitMs);
  try {
    return await work();
  } finally {
    await unlockShared(client, lock).catch(() => undefined);
  }
}
