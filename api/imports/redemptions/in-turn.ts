import type pg from "pg";

/** One connection in the place of a pool, for those that ask several things at once: each waits for its turn. */
export function inTurn(client: pg.PoolClient): pg.Pool {
  let last: Promise<unknown> = Promise.resolve();
  const query = (config: pg.QueryConfig | string, values?: unknown[]) => {
    const next = last.then(() => client.query(config as string, values));
    last = next.catch(() => undefined);
    return next;
  };
  // Its readers call nothing else.
  return { query } as unknown as pg.Pool;
}
