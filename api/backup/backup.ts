/** Copies both stores of a data directory into one folder, ClickHouse first. docs/decisions/0012-backup.md says why. */
import { existsSync } from "node:fs";
import { readdir, realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type pg from "pg";
import { databaseOf } from "../../warehouse/client.ts";
import { appliedWarehouseMigrations } from "../../warehouse/migrate.ts";
import { appliedMigrations } from "../db/migrate.ts";
import { productVersion } from "../supervise/release.ts";
import { copyHashed, type Sums, writeHashed, writeSums } from "./checksums.ts";
import { copyCluster, openBackupSession } from "./cluster-copy.ts";
import { BackupRefused, type Manifest, manifestFile, manifestFormat } from "./manifest.ts";
import { copyWarehouse, foldersOfServer, makeFolder, openServer, versionOfServer } from "./warehouse-copy.ts";

export interface BackupOptions {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  /** Absent or empty; made for its owner only. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** What else of the data directory nobody could make again: the analysts' accounts, with hashes of their passwords. */
const keptFiles = ["clickhouse/analysts.json"];

/** The outbox keeps what was delivered for seven days: what is delivered during a backup must all be in it at the end. */
const longestMs = 24 * 3_600_000;

/**
 * The product may work meanwhile; what it has committed before the call is in the backup.
 * @throws BackupRefused when the folder is not empty or the stores are not those of the data directory.
 */
export async function backUp({ dataDir, databaseUrl, clickhouseUrl, folder, say }: BackupOptions): Promise<Manifest> {
  await refuseFilled(folder);
  const began = new Date();
  const server = openServer(clickhouseUrl);
  const session = await openBackupSession(databaseUrl);
  try {
    // Once more: while we waited, another backup may have filled it, and a failure of ours would empty it.
    await refuseFilled(folder);
    const cluster = join(dataDir, "postgres", "cluster");
    await refuseOthersStores(session.client, cluster, await foldersOfServer(server), join(dataDir, "clickhouse"));
    await makeFolder(folder);
    const sums: Sums = new Map();
    const deliveredBatch = await newestDelivered(session.client);
    const database = databaseOf(clickhouseUrl);
    const clickhouse = {
      version: await versionOfServer(server),
      database,
      migrations: [...(await appliedWarehouseMigrations(server, database))].sort(),
    };
    const warehouse = await copyWarehouse(server, database, folder, sums, counting("ClickHouse", say));
    say(`ClickHouse: ${sums.size} files, ${megabytes(warehouse.bytes)}`);
    const version = await session.client.query<{ server_version: string }>("show server_version");
    const migrations = [...(await appliedMigrations(session.client))].map(([name, hash]) => ({ name, hash }));
    const before = sums.size;
    const copied = await copyCluster(session, cluster, folder, sums, counting("PostgreSQL", say));
    say(`PostgreSQL: ${sums.size - before} files, ${megabytes(copied.bytes)}`);

    await copyKeptFiles(dataDir, folder, sums);

    const finished = new Date();
    if (finished.getTime() - began.getTime() > longestMs) throw new Error("the backup took over a day");
    const manifest: Manifest = {
      format: manifestFormat,
      product: productVersion(),
      began_at: began.toISOString(),
      finished_at: finished.toISOString(),
      postgres: { version: version.rows[0]?.server_version ?? "", migrations, folders: [...copied.folders] },
      clickhouse,
      relay: { delivered_batch: deliveredBatch },
    };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    sums.set(manifestFile, (await writeHashed(join(folder, manifestFile), text)).sha256);
    await writeSums(folder, sums);
    return manifest;
  } catch (error) {
    // Ours alone: it was empty when we began. Half a backup must not be mistaken for one, nor bar the next.
    if (!(error instanceof BackupRefused)) await emptyFolder(folder);
    throw error;
  } finally {
    await Promise.all([session.end().catch(() => undefined), server.close()]);
  }
}

async function copyKeptFiles(dataDir: string, folder: string, sums: Sums): Promise<void> {
  for (const path of keptFiles) {
    const to = join(folder, "files", path);
    await makeFolder(dirname(to));
    const copied = await copyHashed(join(dataDir, path), to);
    if (copied !== undefined) sums.set(`files/${path}`, copied.sha256);
  }
}

async function refuseFilled(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const names = await readdir(folder);
  if (names.length > 0) throw new BackupRefused(`${folder} is not empty; a backup gets a folder of its own.`);
}

/** The copy is of files: a server elsewhere, or of another directory, would be copied by halves or not at all. */
async function refuseOthersStores(
  client: pg.Client,
  cluster: string,
  warehouseFolders: readonly string[],
  warehouseFolder: string,
): Promise<void> {
  const { rows } = await client.query<{ data_directory: string }>("show data_directory");
  const ours = existsSync(cluster) && (await realpath(cluster)) === (await resolved(rows[0]?.data_directory ?? ""));
  const store = join(warehouseFolder, "store");
  const here = existsSync(store) ? await realpath(store) : undefined;
  const folders = await Promise.all(warehouseFolders.map(resolved));
  if (ours && here !== undefined && folders.includes(here)) return;
  throw new BackupRefused(
    "Only the embedded stores are backed up by this command, and these are not they. For servers of your own use their " +
      "tools, ClickHouse first; docs/operations.md says how.",
  );
}

async function resolved(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function newestDelivered(client: pg.Client): Promise<number | null> {
  const { rows } = await client.query<{ number: string }>(
    "select number from relay_batch where delivered_at is not null order by number desc limit 1",
  );
  return rows[0] === undefined ? null : Number(rows[0].number);
}

const sayEveryMs = 5_000;

/** Says how far it is, now and then. */
function counting(what: string, say: (line: string) => void): (bytes: number) => void {
  let files = 0;
  let bytes = 0;
  let said = Date.now();
  return (more) => {
    files += 1;
    bytes += more;
    if (Date.now() - said < sayEveryMs) return;
    said = Date.now();
    say(`${what}: ${files} files, ${megabytes(bytes)} so far`);
  };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}

async function emptyFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
