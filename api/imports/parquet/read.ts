/** A Parquet upload: spooled to a file, because its table of contents is at its end, then read in a thread. */

import type { Hash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
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
  /** Names the file. */
  readonly id: string;
}

/** Files and threads of one process at once. */
const uploadsMax = 4;
let uploads = 0;
/** What a process that died has left behind. */
const forgottenMs = 6 * 3_600_000;
const patienceMs = 60_000;
const memoryMb = 512;

/**
 * Some kilobytes may say a text of megabytes a million times: what all rows come to is bounded by a multiple of the file,
 * which no honest file reaches, and by an amount.
 */
const unpackedFactor = 200;
const unpackedBytesMin = 64 * 1024 * 1024;
const unpackedBytesMax = 2 * 1024 * 1024 * 1024;

/** The file is gone afterwards, whatever happens. @throws Problem 400, 413, 503 */
export async function* readParquetUpload(
  body: ReadableStream<Uint8Array> | null,
  upload: ParquetUpload,
): AsyncGenerator<readonly StagedRow[]> {
  if (uploads >= uploadsMax) {
    throw new Problem("busy", "Too many Parquet files are being read.", { headers: { "retry-after": "10" } });
  }
  uploads += 1;
  const folder = join(upload.dataDir, "imports");
  const path = join(folder, `${upload.id}.parquet`);
  try {
    await mkdir(folder, { recursive: true });
    await sweep(folder);
    const bytes = await spool(body, path, upload);
    const unpackedMax = Math.min(unpackedBytesMax, Math.max(unpackedBytesMin, bytes * unpackedFactor));
    let unpacked = 0;
    for await (const rows of readInThread({ path, kind: upload.kind, rowsMax: upload.limits.rowsMax })) {
      for (const { content } of rows) unpacked += content?.length ?? 0;
      if (unpacked > unpackedMax) {
        throw new Problem("payload_too_large", `The rows of the file come to more than ${unpackedMax} bytes.`);
      }
      yield rows;
    }
  } finally {
    uploads -= 1;
    await rm(path, { force: true });
  }
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < Date.now() - forgottenMs) await rm(path, { force: true });
  }
}

async function spool(
  body: ReadableStream<Uint8Array> | null,
  path: string,
  { limits: { bytesMax }, digest }: ParquetUpload,
): Promise<number> {
  let size = 0;
  await pipeline(
    (body ?? []) as AsyncIterable<Uint8Array>,
    async function* (arriving: AsyncIterable<Uint8Array>) {
      for await (const bytes of arriving) {
        size += bytes.byteLength;
        if (size > bytesMax) throw new Problem("payload_too_large", `An upload may have at most ${bytesMax} bytes.`);
        digest.update(bytes);
        yield bytes;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
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
