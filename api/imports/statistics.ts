/** Keeps the planner's picture of tables that an import fills, before the server looks by itself. */
import type pg from "pg";
import type { ImportTask } from "./chunk.ts";

const tables: Readonly<Record<ImportTask["kind"], readonly string[]>> = {
  customers: ["customer"],
  orders: ["customer", "orders", "order_status"],
  events: ["customer", "custom_event"],
  redemptions: ["customer", "redemption", "redemption_code", "ledger", "imported_redemption"],
};

/** So many times the rows that a table was known to have. */
const growth = 4;

/** Changes at 64, 256, 1,024 … rows: now and then, for a table may stay small however much is imported. */
function stage(rows: number): number {
  return Math.max(2, Math.floor(Math.log(Math.max(1, rows)) / Math.log(growth)));
}

/**
 * Plans made for an empty table read all of it for each row of a chunk: quadratic, until statistics are there. Run it
 * inside the chunk, whose rows it sees. A table that somebody else is looking at is left to them.
 *
 * @param before rows of this import that were applied before this chunk.
 * @param applied those of this chunk too.
 */
export async function refreshStatistics(
  client: pg.PoolClient,
  kind: ImportTask["kind"],
  before: number,
  applied: number,
): Promise<void> {
  if (stage(before) === stage(applied)) return;
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class
     where relname = any($1::text[]) and relnamespace = 'public'::regnamespace and relkind = 'r'
       and greatest(reltuples, 0) * $2 < $3`,
    [[...tables[kind], "import_row", "import_error"], growth, applied],
  );
  // Names of our own.
  if (rows.length > 0) await client.query(`analyze (skip_locked) ${rows.map(({ name }) => name).join(", ")}`);
}
