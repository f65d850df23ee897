/** A Parquet upload: spooled to a file, because its table of contents is at its end, then read in a thread. */

import type { Hash } from "node:crypto";
import { once } from "node:events";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { invalid, Problem } from "../../http/problem.ts";
import type { UploadLimits } from "../../http/row-stream.ts";
import { parquetColumns } from "../columns.ts";
import type { Kind, StagedRow } from "../rows.ts";
import type { Message, Task } from "./thread.ts";

export interface ParquetUpload {
  readonly kind: Kind;
  readonly limits: UploadLimits;
  readonly digest: Hash;
  readonly dataDir: string;
  /** Names the file, as long as it has a name. */
  readonly id: string;
  /** Says that the upload goes on. */
  readonly alive: () => Promise<void>;
}

/** Files and threads of one process at once. */
const uploadsMax = 4;
let uploads = 0;
/** Nothing is staged while the file arrives, which may take longer than an upload may be silent. */
const tellEveryMs = 60_000;
const patienceMs = 60_000;
const memoryMb = 512;

/**
 * Some kilobytes may say a text of megabytes a million times: what all rows come to is bounded by a multiple of the file,
 * which no honest file reaches, and by an amount.
 */
const unpackedFactor = 200;
const unpackedBytesMin = 64 * 1024 * 1024;
const unpackedBytesMax = 2 * 1024 * 1024 * 1024;

/**
 * The file has no name from the moment it is there: a process that dies leaves nothing of it behind.
 *
 * @throws Problem 400, 413, 503
 */
export async function* readParquetUpload(
  body: ReadableStream<Uint8Array> | null,
  upload: ParquetUpload,
): AsyncGenerator<readonly StagedRow[]> {
  if (uploads >= uploadsMax) {
    throw new Problem("busy", "Too many Parquet files are being read.", { headers: { "retry-after": "10" } });
  }
  uploads += 1;
  let file: FileHandle | undefined;
  try {
    file = await openNameless(join(upload.dataDir, "imports"), upload.id);
    const bytes = await spool(body, file, upload);
    const unpackedMax = Math.min(unpackedBytesMax, Math.max(unpackedBytesMin, bytes * unpackedFactor));
    let unpacked = 0;
    for await (const rows of readInThread({ file: file.fd, kind: upload.kind, rowsMax: upload.limits.rowsMax })) {
      for (const { content } of rows) unpacked += content?.length ?? 0;
      if (unpacked > unpackedMax) {
        throw new Problem("payload_too_large", `The rows of the file come to more than ${unpackedMax} bytes.`);
      }
      yield rows;
    }
  } finally {
    uploads -= 1;
    await file?.close();
  }
}

async function openNameless(folder: string, id: string): Promise<FileHandle> {
  const path = join(folder, `${id}.parquet`);
  await mkdir(folder, { recursive: true });
  const file = await open(path, "wx+", 0o600);
  await rm(path);
  return file;
}

async function spool(
  body: ReadableStream<Uint8Array> | null,
  file: FileHandle,
  { limits: { bytesMax }, digest, alive }: ParquetUpload,
): Promise<number> {
  let size = 0;
  let toldAt = performance.now();
  for await (const bytes of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += bytes.byteLength;
    if (size > bytesMax) throw new Problem("payload_too_large", `An upload may have at most ${bytesMax} bytes.`);
    digest.update(bytes);
    await file.writeFile(bytes);
    if (performance.now() - toldAt < tellEveryMs) continue;
    await alive();
    toldAt = performance.now();
  }
  return size;
}

async function* readInThread(task: Task): AsyncGenerator<readonly StagedRow[]> {
  const worker = new Worker(new URL("./thread.mjs", import.meta.url), {
    workerData: task,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  // Waited for below; between two questions nobody listens.
  worker.on("error", () => undefined);
  try {
    for (;;) {
      const message = await ask(worker);
      if ("end" in message) return;
      if ("fault" in message) throw problemOf(message, task);
      yield message.rows;
    }
  } finally {
    await worker.terminate();
  }
}

async function ask(worker: Worker): Promise<Message> {
  const signal = AbortSignal.timeout(patienceMs);
  worker.postMessage("next");
  try {
    // Also ends with the error that ended the thread.
    const [message] = (await once(worker, "message", { signal })) as [Message];
    return message;
  } catch (error) {
    if (signal.aborted) return { fault: "broken", detail: "reading it takes too long" };
    const isFull = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
    if (isFull) return { fault: "broken", detail: `reading it takes more than ${memoryMb} MB of memory` };
    throw error;
  }
}

function problemOf(message: Extract<Message, { fault: string }>, { kind, rowsMax }: Task): Problem {
  if (message.fault === "rows") {
    return new Problem("payload_too_large", `An upload may have at most ${rowsMax} rows.`);
  }
  if (message.fault === "column") {
    const names = parquetColumns(kind).join(", ");
    return invalid("", `The columns of the file are of: ${names}. It has "${message.detail.slice(0, 100)}".`);
  }
  return invalid("", `This Parquet file cannot be read: ${message.detail}.`);
}
