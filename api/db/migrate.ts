/** Forward-only migrations: numbered SQL files, each applied once, in order, in a transaction of its own. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Logger, runMigrations } from "graphile-worker";
import type pg from "pg";

/** Any number that is the same in every process: the advisory lock that lets one migrate while the others wait. */
const lockKey = 7_407_331_021;
const lockTries = { count: 240, pauseMs: 250 };

export class MigrationError extends Error {}

/**
 * Applies what is missing and returns the names applied. Several processes may call it at once: one works, the others
 * wait and then find nothing to do. A file whose first line is "-- no transaction" runs as it is (CREATE INDEX
 * CONCURRENTLY, alone in its file).
 * @param upTo leaves out files that sort after this name, for tests that begin with an older database.
 * @throws MigrationError naming the file; what came before it stays applied. Nothing is, where `refuseForeignMigrations`
 *   throws.
 */
export async function migratePostgres(pool: pg.Pool, upTo?: string): Promise<string[]> {
  const done = await applyMissing(pool, upTo);
  // The queue of jobs brings its own tables, and sees to it that of several processes one makes them.
  if (upTo === undefined) await runMigrations({ pgPool: pool, logger: new Logger(() => () => undefined) });
  return done;
}

async function applyMissing(pool: pg.Pool, upTo: string | undefined): Promise<string[]> {
  const client = await pool.connect();
  try {
    // A pool's sessions bound every wait to seconds; a migration may take as long as it takes.
    await client.query(
      "set statement_timeout = 0; set lock_timeout = '60s'; set idle_in_transaction_session_timeout = 0",
    );
    await takeLock(client);
    await client.query(
      "create table if not exists migration (name text primary key, hash text not null, applied_at timestamptz not null default now())",
    );
    const applied = await refuseForeignMigrations(client);
    const done: string[] = [];
    for (const file of await migrationFiles()) {
      if (upTo !== undefined && file.name > upTo) break;
      if (applied.has(file.name)) continue;
      await apply(client, file);
      done.push(file.name);
    }
    return done;
  } finally {
    // The session carries settings and a lock: give it back closed.
    client.release(true);
  }
}

/**
 * Asks again and again: a statement that waits for the lock has a snapshot, and an index that is made concurrently waits
 * for all of these to end.
 */
async function takeLock(client: pg.PoolClient): Promise<void> {
  for (let tries = 0; tries < lockTries.count; tries += 1) {
    const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [lockKey]);
    if (rows[0]?.locked === true) return;
    await pause(lockTries.pauseMs);
  }
  throw new MigrationError("Another process has been migrating for a minute. Try again when it is done.");
}

/** What is left of an index that was being made concurrently by a process that died: "if not exists" would keep it. */
async function dropBrokenIndexes(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_index i
     join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
     where not i.indisvalid and n.nspname = current_schema() and c.relkind = 'i'`,
  );
  for (const { name } of rows) await client.query(`drop index concurrently if exists ${name}`);
}

/** The names of the files that are not applied yet; all of them when nothing ever was. */
export async function pendingMigrations(pool: pg.Pool): Promise<string[]> {
  const applied = await appliedMigrations(pool);
  return (await migrationFiles()).map((file) => file.name).filter((name) => !applied.has(name));
}

/** Hashes by name of what was ever applied; empty for a database that is not ours yet. */
export async function appliedMigrations(db: pg.Pool | pg.ClientBase): Promise<Map<string, string>> {
  const table = await db.query<{ found: string | null }>("select to_regclass('migration')::text as found");
  if (!table.rows[0]?.found) return new Map();
  const { rows } = await db.query<{ name: string; hash: string }>("select name, hash from migration order by name");
  return new Map(rows.map((row) => [row.name, row.hash]));
}

/** Hashes by name of what this version brings. */
export async function knownMigrations(): Promise<Map<string, string>> {
  return new Map((await migrationFiles()).map(({ name, hash }) => [name, hash]));
}

/**
 * Reads, and changes nothing.
 * @returns what is applied.
 * @throws MigrationError when a newer version has worked on the database, or an applied file was edited.
 */
export async function refuseForeignMigrations(db: pg.Pool | pg.ClientBase): Promise<Map<string, string>> {
  const [applied, known] = await Promise.all([appliedMigrations(db), knownMigrations()]);
  const unknown = [...applied.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The PostgreSQL database was used by a newer version: it has ${unknown.join(", ")}, and this version knows ` +
        `migrations up to ${[...known.keys()].at(-1) ?? "none"}.\nNothing was changed. Start the newer version, or ` +
        "restore a backup from before the upgrade.",
    );
  }
  const edited = [...applied].filter(([name, hash]) => known.get(name) !== hash).map(([name]) => name);
  if (edited.length > 0) {
    throw new MigrationError(
      `${edited.join(", ")} was changed after it was applied; write a new migration instead. Nothing was changed.`,
    );
  }
  return applied;
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
    else await dropBrokenIndexes(client);
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
