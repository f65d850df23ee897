/**
 * Which version last worked on a data directory. It is asked before a store is opened: an older engine may refuse newer
 * files, or worse, rewrite them.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { z } from "zod";
import { knownWarehouseMigrations } from "../../warehouse/migrate.ts";
import { knownMigrations } from "../db/migrate.ts";

const release = z.object({
  product: z.string(),
  clickhouse: z.string(),
  postgres_migrations: z.array(z.string()),
  warehouse_migrations: z.array(z.string()),
});
export type Release = z.infer<typeof release>;

/** The data directory is not for this version; nothing in it was opened. */
export class DataTooNew extends Error {}

export async function thisRelease(): Promise<Release> {
  const [postgres, warehouse] = await Promise.all([knownMigrations(), knownWarehouseMigrations()]);
  return {
    product: productVersion(),
    clickhouse: engineVersion(),
    postgres_migrations: [...postgres.keys()],
    warehouse_migrations: [...warehouse],
  };
}

export function productVersion(): string {
  return versionIn(new URL("../../package.json", import.meta.url));
}

/** @throws DataTooNew when a newer version has used the directory. */
export async function refuseNewerData(dataDir: string, ours: Release): Promise<void> {
  const theirs = await readRelease(dataDir);
  if (theirs === undefined) return;
  const unknown = [
    ...theirs.postgres_migrations.filter((name) => !ours.postgres_migrations.includes(name)),
    ...theirs.warehouse_migrations.filter((name) => !ours.warehouse_migrations.includes(name)),
  ];
  const reasons = [
    ...(unknown.length > 0 ? [`it has the migrations ${unknown.join(", ")}`] : []),
    ...(isNewer(theirs.clickhouse, ours.clickhouse)
      ? [`its ClickHouse is ${theirs.clickhouse}, ours is ${ours.clickhouse}`]
      : []),
  ];
  if (reasons.length === 0) return;
  throw new DataTooNew(
    `${dataDir} was used by version ${theirs.product}, this is ${ours.product}: ${reasons.join("; ")}.\n` +
      "Nothing was opened or changed. Start that version or a newer one, or restore a backup from before the upgrade.",
  );
}

/** To be called when the stores have the shape of this version. */
export function recordRelease(dataDir: string, ours: Release): void {
  const file = fileIn(dataDir);
  writeFileSync(`${file}.draft`, `${JSON.stringify(ours, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}

/** Undefined: a directory that is new, restored, or of a version that left no such file. */
async function readRelease(dataDir: string): Promise<Release | undefined> {
  let text: string;
  try {
    text = await readFile(fileIn(dataDir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return release.parse(JSON.parse(text));
}

/** By major and minor version: a patch changes no format. */
export function isNewer(theirs: string, ours: string): boolean {
  const [major = 0, minor = 0] = theirs.split(".").map(Number);
  const [ourMajor = 0, ourMinor = 0] = ours.split(".").map(Number);
  return major > ourMajor || (major === ourMajor && minor > ourMinor);
}

/** The library of this platform is a dependency of chdb, not of ours: look from where chdb is. */
function engineVersion(): string {
  const fromChdb = createRequire(createRequire(import.meta.url).resolve("chdb/package.json"));
  const libc = process.platform === "linux" ? "-gnu" : "";
  return versionIn(fromChdb.resolve(`@chdb/lib-${process.platform}-${process.arch}${libc}/package.json`));
}

function versionIn(packageFile: URL | string): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, "utf8"))).version;
}

function fileIn(dataDir: string): string {
  return join(dataDir, "release.json");
}
