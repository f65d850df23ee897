/** A data directory that a restore has begun to fill: no start may take it for a whole one. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class RestoreUnfinished extends Error {}

/** @returns a function to call when the directory is whole. */
export function markUnfinished(dataDir: string): () => void {
  writeFileSync(fileIn(dataDir), "A restore into this directory has not finished. Delete the directory.\n", {
    mode: 0o600,
  });
  return () => rmSync(fileIn(dataDir));
}

/** @throws RestoreUnfinished */
export function refuseUnfinished(dataDir: string): void {
  if (!existsSync(fileIn(dataDir))) return;
  throw new RestoreUnfinished(
    `A restore into ${dataDir} did not finish: what is in it is not whole.\n` +
      "Delete the directory and restore again; the backup itself is as it was.",
  );
}

function fileIn(dataDir: string): string {
  return join(dataDir, "restore-unfinished");
}
