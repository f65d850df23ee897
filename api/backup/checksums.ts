/** Files of a backup with their checksums, in the format of `sha256sum`, so that they can be verified without us. */
import { createHash } from "node:crypto";
import { type FileHandle, open, opendir, readFile, rename } from "node:fs/promises";
import { join, sep } from "node:path";

/** Written last, and under its name only when it is whole: a folder without it is no backup. */
const sumsFile = "SHA256SUMS";
const chunkBytes = 1024 * 1024;

export class BackupDamaged extends Error {}

interface Hashed {
  readonly bytes: number;
  readonly sha256: string;
}

/** Sums by path below the backup's folder, with "/" between folders. */
export type Sums = Map<string, string>;

/**
 * Copies a file that may still be written to, and hashes what was copied. Durable when it returns.
 * @returns undefined when the source is gone.
 */
export async function copyHashed(from: string, to: string): Promise<Hashed | undefined> {
  const source = await openIfThere(from);
  if (source === undefined) return undefined;
  try {
    const target = await open(to, "wx", 0o600);
    try {
      // Not write: where the disk is nearly full that writes a part, and says so in its answer only.
      const hashed = await readThrough(source, (chunk) => target.writeFile(chunk));
      await target.sync();
      return hashed;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Hashes a file that somebody else wrote, makes it ours alone, and durable. */
export async function hashAndSync(path: string): Promise<Hashed> {
  const file = await open(path, "r+");
  try {
    await file.chmod(0o600);
    const hashed = await readThrough(file, () => undefined);
    await file.sync();
    return hashed;
  } finally {
    await file.close();
  }
}

export async function writeHashed(path: string, content: string | Buffer): Promise<Hashed> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes: Buffer.byteLength(content), sha256: createHash("sha256").update(content).digest("hex") };
}

/** The last step of a backup. */
export async function writeSums(folder: string, sums: Sums): Promise<void> {
  const draft = join(folder, `${sumsFile}.draft`);
  const lines = [...sums].map(([path, sum]) => `${sum}  ${path}\n`);
  await writeHashed(draft, lines.join(""));
  await rename(draft, join(folder, sumsFile));
  const directory = await open(folder, "r");
  await directory.sync().finally(() => directory.close());
}

/** @throws BackupDamaged when there is no complete backup in the folder. */
export async function readSums(folder: string): Promise<Sums> {
  let text: string;
  try {
    text = await readFile(join(folder, sumsFile), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new BackupDamaged(`${folder} holds no complete backup: there is no ${sumsFile} in it.`);
  }
  const sums: Sums = new Map();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, sum, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sum === undefined || path === undefined || path.startsWith("/") || path.split("/").includes("..")) {
      throw new BackupDamaged(`${sumsFile} of ${folder} is damaged: a line is not a checksum and a path.`);
    }
    sums.set(path, sum);
  }
  return sums;
}

/**
 * Reads every file of the backup again.
 * @throws BackupDamaged naming the first file that is missing, changed, or not part of the backup.
 */
export async function verifySums(folder: string, sums: Sums, onFile: (bytes: number) => void): Promise<void> {
  const present = new Set<string>();
  for await (const path of filesBelow(folder)) if (path !== sumsFile) present.add(path);
  for (const path of present) {
    if (!sums.has(path)) throw new BackupDamaged(`${join(folder, path)} is no part of the backup.`);
  }
  for (const [path, expected] of sums) {
    if (!present.has(path)) throw new BackupDamaged(`${join(folder, path)} is missing.`);
    const file = await open(join(folder, path), "r");
    const { bytes, sha256 } = await readThrough(file, () => undefined).finally(() => file.close());
    if (sha256 !== expected) throw new BackupDamaged(`${join(folder, path)} is damaged: its checksum differs.`);
    onFile(bytes);
  }
}

/** Paths of all files below a folder, with "/" between folders. What vanishes meanwhile is left out. */
export async function* filesBelow(folder: string, below = ""): AsyncGenerator<string> {
  let directory: Awaited<ReturnType<typeof opendir>>;
  try {
    directory = await opendir(join(folder, below));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  for await (const entry of directory) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(folder, path);
    else yield path.split(sep).join("/");
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function readThrough(file: FileHandle, each: (chunk: Buffer) => unknown): Promise<Hashed> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, bytes);
    if (bytesRead === 0) return { bytes, sha256: hash.digest("hex") };
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await each(chunk);
    bytes += bytesRead;
  }
}
