/** A connection of one's own, and the advisory locks that live and die with it. */
import type pg from "pg";

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

export async function unlockShared(client: pg.ClientBase, key: number): Promise<void> {
  await client.query("select pg_advisory_unlock_shared($1)", [key]);
}
