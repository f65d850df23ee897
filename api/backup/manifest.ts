/** What a backup says of itself, and whether this version of the product can restore it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isNewer } from "../supervise/release.ts";
import { BackupDamaged } from "./checksums.ts";

export const manifestFile = "manifest.json";

const manifest = z.object({
  format: z.int().positive(),
  product: z.string(),
  began_at: z.iso.datetime(),
  finished_at: z.iso.datetime(),
  postgres: z.object({
    /** As the server says it, "18.4". */
    version: z.string().regex(/^\d+/),
    migrations: z.array(z.object({ name: z.string(), hash: z.string() })),
    /** Folders of the cluster, the empty ones too: PostgreSQL makes none of them again. */
    folders: z.array(z.string()),
  }),
  clickhouse: z.object({
    version: z.string().regex(/^\d+\.\d+/),
    database: z.string(),
    migrations: z.array(z.string()),
  }),
  relay: z.object({
    /** The newest batch that was delivered before the copy of ClickHouse began; null: none ever was. */
    delivered_batch: z.int().nullable(),
  }),
});
export type Manifest = z.infer<typeof manifest>;

/** Raised when a folder of this format can no longer be read by the release before. */
export const manifestFormat = 1;

export class BackupRefused extends Error {}

/** @throws BackupDamaged when it cannot be read, BackupRefused when its format is not known here. */
export async function readManifest(folder: string): Promise<Manifest> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(join(folder, manifestFile), "utf8"));
  } catch (error) {
    throw new BackupDamaged(`${join(folder, manifestFile)} cannot be read: ${String(error)}`);
  }
  const format = z.object({ format: z.int() }).safeParse(document);
  if (format.success && format.data.format > manifestFormat) {
    throw new BackupRefused(
      `This backup has format ${format.data.format}, this release knows up to ${manifestFormat}: a newer one made it.`,
    );
  }
  const parsed = manifest.safeParse(document);
  if (!parsed.success) throw new BackupDamaged(`${join(folder, manifestFile)}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** What this release brings. */
export interface Own {
  readonly product: string;
  readonly postgres: string;
  readonly clickhouse: string;
  readonly postgresMigrations: ReadonlyMap<string, string>;
  readonly warehouseMigrations: ReadonlySet<string>;
}

/** @throws BackupRefused naming what this release does not know; older backups are brought forward at the start. */
export function refuseUnlessKnown(backup: Manifest, own: Own): void {
  const made = `The backup was made by version ${backup.product}, this is ${own.product}.`;
  const refuse = (why: string) => {
    throw new BackupRefused(`${made}\n${why}\nRestore it with the release that made it, or a newer one.`);
  };
  const major = (version: string) => Number.parseInt(version, 10);
  if (major(backup.postgres.version) !== major(own.postgres)) {
    refuse(`Its PostgreSQL is ${backup.postgres.version}, this release brings ${own.postgres}.`);
  }
  if (isNewer(backup.clickhouse.version, own.clickhouse)) {
    refuse(`Its ClickHouse is ${backup.clickhouse.version}, this release brings ${own.clickhouse}.`);
  }
  const unknown = [
    ...backup.postgres.migrations.map(({ name }) => name).filter((name) => !own.postgresMigrations.has(name)),
    ...backup.clickhouse.migrations.filter((name) => !own.warehouseMigrations.has(name)),
  ];
  if (unknown.length > 0) refuse(`This release does not know ${unknown.join(", ")}.`);
  const changed = backup.postgres.migrations.filter(({ name, hash }) => own.postgresMigrations.get(name) !== hash);
  if (changed.length > 0) refuse(`This release has another ${changed.map(({ name }) => name).join(", ")}.`);
}
