/**
 * The only way to send something to an address that a tenant chose. Looks the host up once, refuses what is not public
 * (`networks.ts`), and connects to an address that it vetted, over a connection of its own: one that is kept could be
 * used again by a tenant whose name leads elsewhere by then. Follows no redirect, reads a bounded answer, ends in time.
 */
import type { LookupAddress } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import type { Readable } from "node:stream";
import { faultOfUrl, faultOutside } from "./url.ts";
import { type Outbound, publicOnly, vetAddress } from "./vet.ts";

export interface OutsideRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
  /** Of a stream, where it is known: some receivers take no body without its length. */
  readonly bodyBytes?: number;
  /** For everything together, from looking the host up to the last byte of the answer. */
  readonly timeoutMs: number;
  /** What comes beyond is not read. */
  readonly answerBytesMax: number;
  readonly outbound?: Outbound | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Stable words, stored and shown: they tell nothing of our own network. */
type OutsideFailure =
  | "url_refused"
  | "address_refused"
  | "host_unknown"
  | "timed_out"
  | "tls_failed"
  | "connection_failed"
  | "request_refused"
  | "interrupted";

interface Answered {
  readonly outcome: "answered";
  /** A redirect is an answer like others: whoever wants success looks for 200 to 299. */
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** There was more, or it broke off. */
  readonly isCut: boolean;
  /** False: the answer came before the body had left us whole, so that it cannot be about the whole. */
  readonly isSent: boolean;
}

interface Failed {
  readonly outcome: "failed";
  readonly reason: OutsideFailure;
  /** We were connected and had begun to send: it may have been understood. */
  readonly isBegun: boolean;
}

export type OutsideAnswer = (Answered | Failed) & { readonly durationMs: number };

/** Never throws: what goes wrong out there is an answer. */
export async function requestOutside(asked: OutsideRequest): Promise<OutsideAnswer> {
  const began = performance.now();
  const limit = AbortSignal.timeout(asked.timeoutMs);
  const signal = asked.signal === undefined ? limit : AbortSignal.any([limit, asked.signal]);
  const progress = { isBegun: false };
  const stream = asked.body !== undefined && isStream(asked.body) ? asked.body : undefined;
  // Also of one that nobody reads from, or no more: an error that nobody hears would end the process.
  stream?.on("error", () => undefined);
  const answer = await attempt(asked, signal, progress).catch((error: unknown) => {
    if (limit.aborted) return failed("timed_out", progress);
    return failed(signal.aborted ? "interrupted" : reasonOf(error), progress);
  });
  // Whoever opened what it reads from is rid of it, however this ended.
  stream?.destroy();
  return { ...answer, durationMs: Math.round(performance.now() - began) };
}

function isStream(body: string | Uint8Array | Readable): body is Readable {
  return typeof body !== "string" && !(body instanceof Uint8Array);
}

interface Progress {
  isBegun: boolean;
}

function failed(reason: OutsideFailure, { isBegun }: Progress = { isBegun: false }): Failed {
  return { outcome: "failed", reason, isBegun };
}

async function attempt(asked: OutsideRequest, signal: AbortSignal, progress: Progress): Promise<Answered | Failed> {
  const outbound = asked.outbound ?? publicOnly;
  if (faultOfUrl(asked.url, outbound) !== undefined) return failed("url_refused");
  const url = new URL(asked.url);
  const vetted = await unlessAborted(vetAddress(url.hostname, outbound), signal);
  if (vetted.outcome === "refused") return failed(vetted.reason);
  if (!vetted.byOperator && faultOutside(url) !== undefined) return failed("url_refused");
  return exchange(asked, url, vetted.addresses, signal, progress);
}

/** Set by us alone. */
const ownHeaders = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade", "expect", "te"]);

function exchange(
  asked: OutsideRequest,
  url: URL,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
  progress: Progress,
): Promise<Answered | Failed> {
  return new Promise((resolve, reject) => {
    const given = Object.entries(asked.headers ?? {}).filter(([name]) => !ownHeaders.has(name.toLowerCase()));
    const { body } = asked;
    const bytes = body === undefined || typeof body === "string" ? Buffer.from(body ?? "") : body;
    const options = {
      method: asked.method,
      headers: {
        "user-agent": "Tessera",
        accept: "*/*",
        ...Object.fromEntries(given),
        ...lengthOf(isStream(bytes) ? asked.bodyBytes : bytes.byteLength),
      },
      agent: false as const,
      lookup: lookupOf(addresses),
      signal,
    };
    const sent = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options, (response) => {
      // From here on `read` says how it ended.
      sent.off("error", reject).on("error", () => undefined);
      read(response, asked.answerBytesMax)
        .then((answer) => resolve({ ...answer, isSent: sent.writableFinished }), reject)
        .finally(() => sent.destroy());
    });
    sent.once("socket", (socket) => {
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => {
        progress.isBegun = true;
      });
    });
    sent.on("error", reject);
    // Never followed: an upgraded connection has no bounds of ours.
    sent.on("upgrade", (_, socket) => {
      socket.on("error", () => undefined).destroy();
      resolve(failed("connection_failed", progress));
    });
    if (isStream(bytes)) {
      bytes.once("error", (error) => sent.destroy(error));
      sent.flushHeaders();
      bytes.pipe(sent);
      endWhenWhole(bytes, sent, asked.bodyBytes);
    } else sent.end(bytes);
  });
}

/** With its last byte: the receiver may answer on it, before the stream has found that it is at its end. */
function endWhenWhole(body: Readable, sent: ClientRequest, bytes: number | undefined): void {
  if (bytes === undefined) return;
  let left = bytes;
  body.on("data", (part: string | Uint8Array) => {
    left -= Buffer.byteLength(part);
    if (left === 0 && !sent.destroyed) sent.end();
  });
}

function lengthOf(bytes: number | undefined): Record<string, number> {
  return bytes === undefined ? {} : { "content-length": bytes };
}

/** Answers what was vetted, whoever asks. An address that stands in the URL is vetted as it is, and not looked up. */
function lookupOf(addresses: readonly LookupAddress[]): LookupFunction {
  return (_, options, callback) => {
    const [first] = addresses;
    if (options.all === true) return callback(null, [...addresses]);
    if (first === undefined) return callback(new Error("no address"), "", 0);
    return callback(null, first.address, first.family);
  };
}

async function read(response: IncomingMessage, bytesMax: number) {
  const parts: Buffer[] = [];
  let bytes = 0;
  let isCut = false;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part.subarray(0, bytesMax - bytes));
      bytes += part.length;
      isCut = bytes > bytesMax;
      if (isCut) break;
    }
  } catch {
    // The head came, and it says what became of the request. What is missing is said too.
    isCut = true;
  }
  return {
    outcome: "answered" as const,
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(parts),
    isCut,
  };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|HOSTNAME_MISMATCH$)/;

function reasonOf(error: unknown): OutsideFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (tlsCodes.test(code)) return "tls_failed";
  if (code === "ERR_INVALID_CHAR" || code === "ERR_INVALID_HTTP_TOKEN" || code === "ERR_UNESCAPED_CHARACTERS") {
    return "request_refused";
  }
  return "connection_failed";
}
