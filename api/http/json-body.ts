/**
 * Reads a JSON body strictly. `JSON.parse` alone accepts what hurts later: duplicate keys (the last one wins, a proxy
 * may have judged the first), `__proto__`, text that Postgres refuses or silently changes, integers that lose digits.
 */
import type { Context } from "hono";
import type { AppEnv } from "./environment.ts";
import { type Fault, jsonPointer, Problem } from "./problem.ts";

const bodyLimitBytes = 256 * 1024;
const depthMax = 32;
const faultsMax = 20;

const jsonMediaType = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Sets `c.var.json`, and lets Hono's own validators read the same text. @throws Problem 400, 413, 415 */
export async function readStrictJson(c: Context<AppEnv>): Promise<void> {
  const bytes = await readLimited(c.req.raw);
  const contentType = c.req.header("content-type");
  if (bytes.byteLength === 0) {
    rememberText(c, "");
    return;
  }
  if (contentType === undefined || !jsonMediaType.test(contentType)) {
    throw new Problem("unsupported_media_type", "Send the body as application/json in UTF-8.");
  }
  const text = decodeUtf8(bytes);
  const value = parseStrictJson(text);
  rememberText(c, text);
  c.set("json", value);
}

/** The stream is read; Hono reads its cache, which holds promises whatever its types say. */
function rememberText(c: Context<AppEnv>, text: string): void {
  Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
}

async function readLimited(request: Request): Promise<Uint8Array> {
  const tooLarge = new Problem("payload_too_large", `A body may have at most ${bodyLimitBytes} bytes.`);
  // Refuse by the announced length before reading; a chunked body is counted while it comes.
  if (Number(request.headers.get("content-length") ?? 0) > bodyLimitBytes) throw tooLarge;
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > bodyLimitBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed("The body is not valid UTF-8.");
  }
}

function malformed(detail: string, pointer = ""): Problem {
  return new Problem("malformed_json", detail, { errors: [{ pointer, detail }] });
}

/** @throws Problem naming each place at fault by its JSON pointer. */
export function parseStrictJson(text: string): unknown {
  refuseDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("The body is not well-formed JSON.");
  }
  const faults = [...duplicateKeys(text), ...unsafeValues(value)];
  if (faults.length > 0) {
    throw new Problem("invalid_request", faults[0]?.detail ?? "", { errors: faults.slice(0, faultsMax) });
  }
  return value;
}

/** As `parseStrictJson`; what cannot be read stays text, for a schema to refuse by its field. */
export function parseJsonOrText(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof Problem) return text;
    throw error;
  }
}

/** Index of the closing quote of the string that opens at `start`; the text's length when it never closes. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

function refuseDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth > depthMax) {
      throw malformed(`The body may be nested at most ${depthMax} deep.`);
    }
  }
}

type Frame = { readonly keys: Set<string> | null; step: string | number };

/** Counts on `text` being well-formed. */
function duplicateKeys(text: string): Fault[] {
  const faults: Fault[] = [];
  const frames: Frame[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const frame = frames.at(-1);
    switch (text[at]) {
      case "{":
        frames.push({ keys: new Set(), step: "" });
        expectsKey = true;
        break;
      case "[":
        frames.push({ keys: null, step: 0 });
        expectsKey = false;
        break;
      case "}":
      case "]":
        frames.pop();
        expectsKey = false;
        break;
      case ",":
        if (frame && typeof frame.step === "number") frame.step += 1;
        expectsKey = frame?.keys != null;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (expectsKey && frame?.keys) {
          const key = JSON.parse(text.slice(at, end + 1)) as string;
          frame.step = key;
          if (frame.keys.has(key)) {
            faults.push({ pointer: jsonPointer(frames.map((f) => f.step)), detail: "The field is given twice." });
          }
          frame.keys.add(key);
          expectsKey = false;
        }
        at = end;
        break;
      }
    }
  }
  return faults;
}

function unsafeValues(root: unknown): Fault[] {
  const faults: Fault[] = [];
  const visit = (value: unknown, path: readonly (string | number)[]): void => {
    if (typeof value === "string") {
      const detail = textFault(value);
      if (detail) faults.push({ pointer: jsonPointer(path), detail });
    } else if (typeof value === "number") {
      if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
        faults.push({ pointer: jsonPointer(path), detail: "The number is beyond what can be kept exactly." });
      }
    } else if (Array.isArray(value)) {
      value.forEach((entry, index) => {
        visit(entry, [...path, index]);
      });
    } else if (typeof value === "object" && value !== null) {
      for (const [key, entry] of Object.entries(value)) {
        const detail = key === "__proto__" ? "A field may not have this name." : textFault(key);
        if (detail)
          faults.push({ pointer: jsonPointer([...path, key.replaceAll(/\p{Surrogate}/gu, "\uFFFD")]), detail });
        visit(entry, [...path, key]);
      }
    }
  };
  visit(root, []);
  return faults;
}

const loneSurrogate = /\p{Surrogate}/u;

/** Why a text cannot be stored: Postgres refuses NUL, and half a surrogate pair would come back as another character. */
export function textFault(text: string): string | undefined {
  if (text.includes("\0")) return "The text contains the character U+0000.";
  if (loneSurrogate.test(text)) return "The text contains half of a surrogate pair.";
  return undefined;
}
