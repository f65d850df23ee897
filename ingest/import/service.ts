/** The import's way to the HTTP API: uploads that are tried again, progress, bad rows. */
import { createReadStream } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createCall } from "../replay/client.ts";

export interface Job {
  readonly id: string;
  readonly status: "receiving" | "running" | "done" | "failed";
  readonly rows_read: number;
  readonly imported: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly error: string | null;
}

interface Upload {
  readonly kind: string;
  readonly mediaType: string;
  readonly idempotencyKey: string;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Sent before them. */
  readonly header: Buffer;
  /** @param bytes sent so far; less than before when it begins anew. */
  readonly onProgress: (bytes: number) => void;
}

/** The service refuses it: trying again would not help. */
export class Refused extends Error {}

export interface Service {
  upload(upload: Upload): Promise<Job>;
  job(id: string): Promise<Job>;
  /** The errors of a job as text, while they arrive. */
  errors(id: string, mediaType: string): Promise<Readable>;
}

const attemptsMax = 8;

export function createService(base: string, key: string, signal: AbortSignal): Service {
  const origin = base.replace(/\/+$/, "");
  const call = createCall(origin, key, signal);
  return {
    async upload(upload) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await tryUpload(origin, key, upload, signal);
        if (answer.status === 202) return JSON.parse(answer.text) as Job;
        const isWorthIt = [0, 408, 429].includes(answer.status) || answer.status >= 500;
        if (!isWorthIt || attempt === attemptsMax) throw new Refused(describe(answer, attempt));
        await wait(250 * 2 ** attempt, undefined, { signal });
      }
    },
    async job(id) {
      const { body } = await call({ method: "GET", path: `/v1/imports/${id}` });
      return body as unknown as Job;
    },
    async errors(id, mediaType) {
      const response = await send(
        origin,
        `/v1/imports/${id}/errors`,
        "GET",
        { authorization: `Bearer ${key}`, accept: mediaType },
        signal,
      );
      if (response.statusCode !== 200) throw new Refused(`The bad rows cannot be read: ${response.statusCode}`);
      return response;
    },
  };
}

interface Answered {
  /** 0: there was no answer. */
  readonly status: number;
  readonly text: string;
}

function describe({ status, text }: Answered, attempts: number): string {
  const tried = attempts > 1 ? ` after ${attempts} attempts` : "";
  if (status === 0) return `The upload did not get through${tried}: ${text}`;
  try {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    return `The service refuses the upload (${status})${tried}: ${detail ?? title ?? ""}`;
  } catch {
    return `The service refuses the upload (${status})${tried}.`;
  }
}

/** A service that answers before all has come (it refuses) is heard all the same. */
async function tryUpload(origin: string, key: string, upload: Upload, signal: AbortSignal): Promise<Answered> {
  const { path, start, end, header } = upload;
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": upload.mediaType,
    "content-length": String(header.length + end - start),
    "idempotency-key": upload.idempotencyKey,
  };
  let sent = 0;
  const counter = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      sent += bytes.length;
      upload.onProgress(sent);
      done(null, bytes);
    },
  });
  const body = async function* () {
    if (header.length > 0) yield header;
    if (end > start) yield* createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 });
  };
  upload.onProgress(0);
  try {
    const response = await send(origin, `/v1/import/${upload.kind}`, "POST", headers, signal, (target) =>
      pipeline(Readable.from(body()), counter, target),
    );
    let text = "";
    for await (const piece of response.setEncoding("utf8")) text += piece;
    return { status: response.statusCode ?? 0, text };
  } catch (error) {
    signal.throwIfAborted();
    return { status: 0, text: error instanceof Error ? error.message : String(error) };
  }
}

function send(
  origin: string,
  path: string,
  method: "GET" | "POST",
  headers: Record<string, string>,
  signal: AbortSignal,
  write?: (target: NodeJS.WritableStream) => Promise<void>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const url = new URL(origin + path);
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, { method, headers, signal });
    request.once("response", resolve).once("error", reject);
    // A broken pipe is told by the request, unless the answer has come before it.
    if (write === undefined) request.end();
    else write(request).catch(reject);
  });
}
