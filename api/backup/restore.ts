/** Fills a fresh data directory from a backup. Everything that can be wrong with it is found before anything is written. */
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import pg from "pg";
import { rewindRelay } from "../../ingest/rewind.ts";
import { knownWarehouseMigrations } from "../../warehouse/migrate.ts";
import { adoptCluster } from "../db/adopt.ts";
import { locateBinaries, postgresVersion, refuseUnreachable } from "../db/embedded.ts";
import { knownMigrations } from "../db/migrate.ts";
import { lockDataDir } from "../supervise/lock.ts";
import { thisRelease } from "../supervise/release.ts";
import { makeDataDir, startClickHouse, startPostgres } from "../supervise/stores.ts";
import { markUnfinished } from "../supervise/unfinished.ts";
import { megabytes } from "./backup.ts";
import { BackupDamaged, copyHashed, readSums, type Sums, verifySums } from "./checksums.ts";
import { BackupRefused, type Manifest, readManifest, refuseUnlessKnown } from "./manifest.ts";
import { makeFolder, openServer, restoreWarehouse } from "./warehouse-copy.ts";

export interface RestoreOptions {
  readonly folder: string;
  /** Absent or empty. */
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

const storeStartMs = 600_000;

/**
 * Leaves a data directory that the product starts on: with the keys of then, and new passwords of the stores.
 * @throws BackupDamaged, BackupRefused before anything is written; later failures leave a directory that does not start.
 */
export async function restore({ folder, dataDir, say }: RestoreOptions): Promise<Manifest> {
  await refuseFilled(dataDir);
  const sums = await readSums(folder);
  const manifest = await readManifest(folder);
  refuseUnlessKnown(manifest, await ownVersions());
  let verified = 0;
  await verifySums(folder, sums, (bytes) => {
    verified += bytes;
  });
  say(`Verified ${sums.size} files, ${megabytes(verified)}, of ${manifest.finished_at}`);

  const lock = lockDataDir(dataDir);
  try {
    await refuseFilled(dataDir, ["instance.lock"]);
    makeDataDir(dataDir);
    await refuseUnreachable(join(dataDir, "postgres"), (await locateBinaries()).bin);
    const whole = markUnfinished(dataDir);
    await layOutCluster(folder, join(dataDir, "postgres"), manifest, sums);
    say("PostgreSQL: files in place, replaying the log of the backup");
    await adoptCluster(join(dataDir, "postgres"));
    await bringUp(folder, dataDir, manifest, say);
    await putBack("files/", folder, dataDir, sums);
    whole();
    return manifest;
  } finally {
    lock.release();
  }
}

async function refuseFilled(dataDir: string, allowed: readonly string[] = []): Promise<void> {
  if (!existsSync(dataDir)) return;
  const names = (await readdir(dataDir)).filter((name) => !allowed.includes(name));
  if (names.length === 0) return;
  throw new BackupRefused(
    `${dataDir} is not empty, and a restore never overwrites. Move it away, or name another with TESSERA_DATA_DIR.`,
  );
}

async function ownVersions() {
  const [{ bin }, release] = await Promise.all([locateBinaries(), thisRelease()]);
  return {
    product: release.product,
    postgres: await postgresVersion(bin),
    clickhouse: release.clickhouse,
    postgresMigrations: await knownMigrations(),
    warehouseMigrations: await knownWarehouseMigrations(),
  };
}

async function layOutCluster(folder: string, target: string, manifest: Manifest, sums: Sums): Promise<void> {
  const cluster = join(target, "cluster");
  await makeFolder(target);
  for (const path of manifest.postgres.folders) await mkdir(join(cluster, path), { recursive: true, mode: 0o700 });
  await putBack("postgres/", folder, cluster, sums);
}

/** The files of the backup below `prefix`. */
async function putBack(prefix: string, folder: string, target: string, sums: Sums): Promise<void> {
  for (const [path, expected] of sums) {
    if (!path.startsWith(prefix)) continue;
    const to = join(target, path.slice(prefix.length));
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    const copied = await copyHashed(join(folder, path), to);
    if (copied?.sha256 !== expected) throw new BackupDamaged(`${join(folder, path)} changed while it was read.`);
  }
}

/** Both stores are opened once here: what does not open must not be found out at the start. */
async function bringUp(
  folder: string,
  dataDir: string,
  manifest: Manifest,
  say: (line: string) => void,
): Promise<void> {
  const options = { dataDir, durable: true, timeoutMs: storeStartMs };
  const postgres = await startPostgres(options);
  try {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { batches } = await rewindRelay(client, manifest.relay.delivered_batch).finally(() => client.end());
    say(`PostgreSQL: open; ${batches} batches of events will be delivered again`);
  } finally {
    await postgres.server.stop();
  }
  const clickhouse = await startClickHouse(options);
  try {
    const server = openServer(clickhouse.url);
    await restoreWarehouse(server, manifest.clickhouse.database, folder).finally(() => server.close());
    say("ClickHouse: restored");
  } finally {
    await clickhouse.server.stop();
  }
}
