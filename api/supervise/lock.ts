/** One instance for each data directory. The lock is a file that names its holder; a dead holder's is taken over. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, markOf, type ProcessMark } from "./processes.ts";

export class DataDirLockedError extends Error {}

export interface DataDirLock {
  release(): void;
}

/**
 * Takes the lock at once or not at all.
 * @throws DataDirLockedError naming the process that holds it.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, "instance.lock");
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(markOf(process.pid)), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      // A link appears with its content in one step, and fails when the name is there.
      if (linked(draft, file)) return { release: () => rmSync(file, { force: true }) };
      const holder = readHolder(file);
      if (holder && isRunning(holder)) throw lockedBy(dataDir, holder.pid);
      setAside(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new DataDirLockedError(`The data directory ${dataDir} is being taken by another instance that starts now.`);
}

function lockedBy(dataDir: string, pid: number): DataDirLockedError {
  return new DataDirLockedError(
    `Another instance (pid ${pid}) already runs on the data directory ${dataDir}.\n` +
      "Stop it first, or give this one a directory of its own with TESSERA_DATA_DIR.",
  );
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(file: string): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessMark;
  } catch {
    return undefined;
  }
}

/** Two starters may see the same dead holder: whoever moved the other's fresh lock away puts it back. */
function setAside(file: string, dead: ProcessMark | undefined): void {
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved && (moved.pid !== dead?.pid || moved.startTicks !== dead?.startTicks)) linked(aside, file);
  rmSync(aside, { force: true });
}
