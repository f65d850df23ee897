/** A Parquet upload: spooled to a file, because its table of contents is at its end, then read in a thread. */

import type { Hash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
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
    await spool(body, path, upload);
    yield* readInThread({ path, kind: upload.kind, rowsMax: upload.limits.rowsMax });
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
): Promise<void> {
  await pipeline(
    (body ?? []) as AsyncIterable<Uint8Array>,
    async function* (arriving: AsyncIterable<Uint8Array>) {
      let size = 0;
      for await (const bytes of arriving) {
        size += bytes.byteLength;
        if (size > bytesMax) throw new Problem("payload_too_large", `An upload may have at most ${bytesMax} bytes.`);
        digest.update(bytes);
        yield bytes;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
}

async function* readInThread(task: Task): AsyncGenerator<readonly StagedRow[]> {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), {
    workerData: task,
    execArgv: ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href],
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
  const answer = once(worker, "message", { signal }) as Promise<[Message]>;
  const ended = once(worker, "exit", { signal });
  ended.catch(() => undefined);
  worker.postMessage("next");
  try {
    const first = await Promise.race([answer, ended.then(() => undefined)]);
    answer.catch(() => undefined);
    if (first !== undefined) return first[0];
  } catch (error) {
    if (signal.aborted) return { fault: "broken", detail: "reading it takes too long" };
    return { fault: "broken", detail: error instanceof Error ? error.message.slice(0, 200) : "" };
  }
  return { fault: "broken", detail: "reading it ended early" };
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
