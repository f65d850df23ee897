/** A copy of the ClickHouse database by its own BACKUP and RESTORE: the server writes the files, we hash them. */
import { chmod, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { createWarehouse } from "../../warehouse/client.ts";
import { filesBelow, hashAndSync, type Sums } from "./checksums.ts";

/** As long as a copy may take; the server answers when it is done. */
const copyMs = 6 * 3_600_000;

/** A client without a database of ours: a restore makes it. */
export function openServer(url: string): ClickHouseClient {
  return createWarehouse({ url, database: "default", requestTimeoutMs: copyMs });
}

/** Every insert that was acknowledged before the call is in the copy, below `<folder>/clickhouse`. */
export async function copyWarehouse(
  server: ClickHouseClient,
  database: string,
  folder: string,
  sums: Sums,
  onFile: (bytes: number) => void,
): Promise<{ bytes: number }> {
  const target = join(folder, "clickhouse");
  await server.command({ query: `BACKUP DATABASE ${name(database)} TO File(${text(target)})` });
  let bytes = 0;
  const tightened = new Set<string>();
  for await (const path of filesBelow(target)) {
    await tighten(target, dirname(path), tightened);
    const hashed = await hashAndSync(join(target, path));
    sums.set(`clickhouse/${path}`, hashed.sha256);
    bytes += hashed.bytes;
    onFile(hashed.bytes);
  }
  return { bytes };
}

/** The server makes folders as the machine's defaults say. */
async function tighten(target: string, folder: string, done: Set<string>): Promise<void> {
  for (let at = folder; !done.has(at); at = dirname(at)) {
    done.add(at);
    await chmod(join(target, at), 0o700);
  }
}

export async function restoreWarehouse(server: ClickHouseClient, database: string, folder: string): Promise<void> {
  await server.command({
    query: `RESTORE DATABASE ${name(database)} FROM File(${text(join(folder, "clickhouse"))})`,
  });
}

const versionRow = z.object({ version: z.string() });

export async function versionOfServer(server: ClickHouseClient): Promise<string> {
  const result = await server.query({ query: "SELECT version() AS version", format: "JSONEachRow" });
  const [row] = z.array(versionRow).parse(await result.json());
  if (row === undefined) throw new Error("ClickHouse does not say its version");
  return row.version;
}

const diskRow = z.object({ path: z.string() });

/** Folders in which the server keeps its data. */
export async function foldersOfServer(server: ClickHouseClient): Promise<string[]> {
  const result = await server.query({ query: "SELECT path FROM system.disks", format: "JSONEachRow" });
  return z
    .array(diskRow)
    .parse(await result.json())
    .map((row) => row.path);
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

function name(database: string): string {
  return `\`${database.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

function text(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
