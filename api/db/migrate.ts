/** Forward-only migrations: numbered SQL files, each applied once, in order, in a transaction of its own. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type pg from "pg";

/** Any number that is the same in every process: the advisory lock that lets one migrate while the others wait. */
const lockKey = 7_407_331_021;

export class MigrationError extends Error {}

/**
 * Applies what is missing and returns the names applied. Several processes may call it at once: one works, the others
 * wait and then find nothing to do. A file whose first line is "-- no transaction" runs as it is (CREATE INDEX
 * CONCURRENTLY, alone in its file).
 * @param upTo leaves out files that sort after this name, for tests that begin with an older database.
 * @throws MigrationError naming the file; what came before it stays applied.
 */
export async function migratePostgres(pool: pg.Pool, upTo?: string): Promise<string[]> {
  const client = await pool.connect();
  try {
    // A pool's sessions bound every wait to seconds; a migration may take as long as it takes.
    await client.query(
      "set statement_timeout = 0; set lock_timeout = '60s'; set idle_in_transaction_session_timeout = 0",
    );
    await client.query("select pg_advisory_lock($1)", [lockKey]);
    await client.query(
      "create table if not exists migration (name text primary key, hash text not null, applied_at timestamptz not null default now())",
    );
    const applied = await client.query<{ name: string; hash: string }>("select name, hash from migration");
    const hashes = new Map(applied.rows.map((row) => [row.name, row.hash]));
    const done: string[] = [];
    for (const file of await migrationFiles()) {
      if (upTo !== undefined && file.name > upTo) break;
      const hash = hashes.get(file.name);
      if (hash === undefined) {
        await apply(client, file);
        done.push(file.name);
      } else if (hash !== file.hash) {
        throw new MigrationError(`${file.name} was changed after it was applied; write a new migration instead`);
      }
    }
    return done;
  } finally {
    // The session carries settings and a lock: give it back closed.
    client.release(true);
  }
}

/** The names of the files that are not applied yet; all of them when nothing ever was. */
export async function pendingMigrations(pool: pg.Pool): Promise<string[]> {
  const table = await pool.query<{ found: string | null }>("select to_regclass('migration')::text as found");
  const applied = table.rows[0]?.found
    ? await pool.query<{ name: string }>("select name from migration")
    : { rows: [] };
  const names = new Set(applied.rows.map((row) => row.name));
  return (await migrationFiles()).map((file) => file.name).filter((name) => !names.has(name));
}

interface MigrationFile {
  readonly name: string;
  readonly sql: string;
  readonly hash: string;
}

async function migrationFiles(): Promise<MigrationFile[]> {
  const folder = new URL("./migrations/", import.meta.url);
  const names = (await readdir(fileURLToPath(folder))).filter((name) => /^\d{3}_[a-z0-9_]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), "utf8");
      return { name, sql, hash: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function apply(client: pg.PoolClient, file: MigrationFile): Promise<void> {
  const transactional = !file.sql.startsWith("-- no transaction");
  try {
    if (transactional) await client.query("begin");
    await client.query(file.sql);
    await client.query("insert into migration (name, hash) values ($1, $2)", [file.name, file.hash]);
    if (transactional) await client.query("commit");
  } catch (error) {
    if (transactional) await client.query("rollback");
    throw new MigrationError(`${file.name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
