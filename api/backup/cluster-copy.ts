/**
 * A copy of the embedded PostgreSQL's files while it works.
 *
 * Between `pg_backup_start` and `pg_backup_stop` files may change under the copy; the write-ahead log of that time
 * mends them when the copy is first started. A replication slot of this session keeps the log from being recycled; it
 * and the backup's state end with the session, however that ends. docs/decisions/0012-backup.md says why so.
 */
import { mkdir, open, opendir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import pg from "pg";
import { backupLock } from "../../ingest/locks.ts";
import { BackupDamaged, copyHashed, filesBelow, type Sums, writeHashed } from "./checksums.ts";

/** Folders whose content belongs to the running server alone. PostgreSQL's manual lists them. */
const transient = [
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
];
const leftOut = new Set(["postmaster.pid", "postmaster.opts", "backup_label", "tablespace_map", "current_logfiles"]);

/** Copied last: its newest state, and read until two reads agree, because the server rewrites it in place. */
const controlFile = "global/pg_control";

/** The session that a backup lives in. */
export interface BackupSession {
  readonly client: pg.Client;
  end(): Promise<void>;
}

/** Waits for who changes both stores, such as an erasure, and holds the next one off; the relay works on. */
export async function openBackupSession(databaseUrl: string): Promise<BackupSession> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "tessera-backup",
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => undefined);
  await client.connect();
  await client.query("select pg_advisory_lock($1)", [backupLock]);
  return { client, end: () => client.end() };
}

export interface ClusterCopy {
  readonly folders: readonly string[];
  readonly bytes: number;
}

/** Copies the cluster into `<folder>/postgres` and adds the sums of what it wrote. */
export async function copyCluster(
  { client }: BackupSession,
  cluster: string,
  folder: string,
  sums: Sums,
  onFile: (bytes: number) => void,
): Promise<ClusterCopy> {
  await client.query("select pg_create_physical_replication_slot($1, true, true)", [`backup_${process.pid}`]);
  const started = await one<{ segment: string }>(
    client,
    "select pg_walfile_name(pg_backup_start($1, fast => true)) as segment",
    ["tessera"],
  );
  const target = join(folder, "postgres");
  let bytes = 0;
  const copy = async (path: string, from = join(cluster, path)) => {
    await mkdir(dirname(join(target, path)), { recursive: true, mode: 0o700 });
    const copied = await copyHashed(from, join(target, path));
    if (copied === undefined) return;
    sums.set(`postgres/${path}`, copied.sha256);
    bytes += copied.bytes;
    onFile(copied.bytes);
  };

  for await (const path of filesBelow(cluster)) if (belongsInCopy(path)) await copy(path);
  const control = await settled(join(cluster, controlFile));
  await mkdir(join(target, "global"), { recursive: true, mode: 0o700 });
  const stopped = await one<{ segment: string; label: string; spaces: string }>(
    client,
    `select pg_walfile_name(lsn) as segment, labelfile as label, coalesce(spcmapfile, '') as spaces
     from pg_backup_stop(wait_for_archive => false)`,
  );
  if (stopped.spaces !== "") throw new Error("the cluster has tablespaces, which this backup does not know");
  const written = { [controlFile]: control, backup_label: stopped.label };
  for (const [path, content] of Object.entries(written)) {
    sums.set(`postgres/${path}`, (await writeHashed(join(target, path), content)).sha256);
  }
  // The stop has switched to a new segment: this one is whole, and so is every one before it.
  for (const segment of await segmentsBetween(cluster, started.segment, stopped.segment)) {
    await copy(`pg_wal/${segment}`);
  }
  return { folders: await foldersOf(cluster), bytes };
}

function belongsInCopy(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (path === controlFile || leftOut.has(path)) return false;
  if (name === "pg_internal.init" || path.split("/").some((part) => part.startsWith("pgsql_tmp"))) return false;
  return !transient.some((folder) => path.startsWith(`${folder}/`));
}

async function settled(path: string): Promise<Buffer> {
  let before: Buffer | undefined;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const file = await open(path, "r");
    const now = await file.readFile().finally(() => file.close());
    if (before?.equals(now)) return now;
    before = now;
  }
  throw new Error(`${path} changes faster than it can be read`);
}

/** Names of segments are hexadecimal and of one length: text order is their order. */
async function segmentsBetween(cluster: string, first: string, last: string): Promise<string[]> {
  const names = (await readdir(join(cluster, "pg_wal"))).filter((name) => /^[0-9A-F]{24}$/.test(name));
  const found = names.filter((name) => name >= first && name <= last).sort();
  if (found[0] !== first) throw new BackupDamaged(`the write-ahead log ${first} is gone`);
  return found;
}

async function foldersOf(cluster: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of await opendir(join(cluster, below))) {
    if (!entry.isDirectory() || entry.name.startsWith("pgsql_tmp")) continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    found.push(path);
    // Slots are folders of their own, and stay behind.
    if (path !== "pg_replslot") found.push(...(await foldersOf(cluster, path)));
  }
  return found;
}

async function one<T extends pg.QueryResultRow>(client: pg.Client, sql: string, values: unknown[] = []): Promise<T> {
  const row = (await client.query<T>(sql, values)).rows[0];
  if (row === undefined) throw new Error(`no answer to ${sql}`);
  return row;
}
