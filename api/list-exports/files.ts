/** Where exported lists lie: `<data dir>/list-exports/<project>/<export>.csv`, for whoever serves the folder by SFTP. */
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ExportRow } from "./queries.ts";

type Named = Pick<ExportRow, "project_id" | "id">;

/** Both are ids of ours, read from the database: neither leads out of the folder. */
function folderOf(dataDir: string, { project_id }: Named): string {
  return join(dataDir, "list-exports", project_id);
}

function fileOf(dataDir: string, row: Named): string {
  return join(folderOf(dataDir, row), `${row.id}.csv`);
}

/** Whoever looks into the folder sees a whole file or none. @returns its size. */
export async function writeFileWhole(dataDir: string, row: Named, parts: AsyncIterable<string>): Promise<number> {
  await mkdir(folderOf(dataDir, row), { recursive: true, mode: 0o750 });
  const path = fileOf(dataDir, row);
  const draft = `${path}.part`;
  const file = await open(draft, "w", 0o640);
  try {
    for await (const part of parts) await file.write(part);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  return (await stat(path)).size;
}

export async function sizeOfFile(dataDir: string, row: Named): Promise<number | undefined> {
  const found = await stat(fileOf(dataDir, row)).catch(() => undefined);
  return found?.size;
}

export function readFile(dataDir: string, row: Named) {
  return createReadStream(fileOf(dataDir, row));
}

export async function deleteFile(dataDir: string, row: Named): Promise<void> {
  await rm(fileOf(dataDir, row), { force: true });
  await rm(`${fileOf(dataDir, row)}.part`, { force: true });
}
