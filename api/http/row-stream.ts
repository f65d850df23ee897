/**
 * Uploads of rows, CSV or NDJSON, read while they arrive: one row a line, so that a broken row never spoils the next
 * one, every row has a line number, and memory is bounded by a block. A quoted CSV field may hold commas and quotes but
 * no line break.
 */
import type { Hash } from "node:crypto";
import { parseStrictJson, textFault } from "./json-body.ts";
import { invalid, Problem } from "./problem.ts";

export type RowFormat = "csv" | "ndjson";

/** A row as it came, its fields not looked at yet; or why its line could not be read. */
export type UploadedRow =
  | { readonly line: number; readonly content: Readonly<Record<string, unknown>>; readonly fault?: never }
  | { readonly line: number; readonly content?: never; readonly fault: string };

export interface UploadLimits {
  readonly bytesMax: number;
  readonly rowsMax: number;
}

const lineBytesMax = 64 * 1024;
/** A line of this length is no bad row among good ones: the file has no lines, and is not read to its end. */
const endlessBytesMax = 1024 * 1024;
const blockRows = 2_000;
const blockBytesMax = 1024 * 1024;

/** @throws Problem `unsupported_media_type` */
export function rowFormat(contentType: string | undefined): RowFormat {
  const media = contentType?.split(";")[0]?.trim().toLowerCase();
  if (media === "text/csv") return "csv";
  if (media === "application/x-ndjson") return "ndjson";
  throw new Problem("unsupported_media_type", "Send the rows as text/csv or application/x-ndjson in UTF-8.");
}

/**
 * Rows in blocks of about two thousand, or of a MiB. Blank lines count as lines and are no rows.
 *
 * @param columns the fields a row may have; a CSV file names those it has in its first line, in any order.
 * @param digest sees every byte.
 * @throws Problem 400 for a header that is missing or names something else, or a line without an end; 413 beyond the limits.
 */
export async function* readRows(
  body: ReadableStream<Uint8Array> | null,
  format: RowFormat,
  columns: readonly string[],
  limits: UploadLimits,
  digest: Hash,
): AsyncGenerator<readonly UploadedRow[]> {
  const toRow = format === "csv" ? csvReader(columns) : ndjsonRow;
  let number = 0;
  let isHeaderDue = format === "csv";
  let block: UploadedRow[] = [];
  let blockBytes = 0;
  for await (const { lines, bytes } of splitLines(body, limits.bytesMax, digest)) {
    for (const line of lines) {
      number += 1;
      const row = typeof line === "string" ? readLine(line, number, toRow) : { line: number, fault: line.fault };
      // Without it no line can be read, and the next one is no header: a file in UTF-16 is told once, not line by line.
      if (isHeaderDue && row?.fault !== undefined) throw invalid("", `The first line cannot be read: ${row.fault}`);
      if (isHeaderDue && !isBlank(line)) isHeaderDue = false;
      if (!row) continue;
      block.push(row);
    }
    // Blank lines are looked at as well; the first line of a CSV file is no row.
    if (number - (format === "csv" ? 1 : 0) > limits.rowsMax) {
      throw new Problem(
        "payload_too_large",
        `An upload may have at most ${limits.rowsMax} rows, blank lines included.`,
      );
    }
    blockBytes += bytes;
    if (block.length < blockRows && blockBytes < blockBytesMax) continue;
    yield block;
    block = [];
    blockBytes = 0;
  }
  if (block.length > 0) yield block;
}

type RowReader = (text: string, line: number) => UploadedRow | null;

function isBlank(line: Line): boolean {
  return typeof line === "string" && line.trim() === "";
}

function readLine(text: string, line: number, toRow: RowReader): UploadedRow | null {
  if (isBlank(text)) return null;
  const fault = textFault(text);
  return fault === undefined ? toRow(text, line) : { line, fault };
}

type Line = string | { readonly fault: string };

/** Splits bytes, not text: a line that is not UTF-8 is that line's fault. */
async function* splitLines(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  digest: Hash,
): AsyncGenerator<{ readonly lines: readonly Line[]; readonly bytes: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let overlong = false;
  let lineBytes = 0;
  let ended = 0;
  let size = 0;
  for await (const piece of pieces(body)) {
    size += piece.length;
    if (size > bytesMax) throw new Problem("payload_too_large", `An upload may have at most ${bytesMax} bytes.`);
    digest.update(piece);
    const lines: Line[] = [];
    let bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    lineBytes += piece.length;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      lines.push(overlong ? tooLong : decodeLine(bytes.subarray(0, end)));
      overlong = false;
      bytes = bytes.subarray(end + 1);
      lineBytes = bytes.length;
      ended += 1;
    }
    if (lineBytes > endlessBytesMax) {
      throw invalid("", `Line ${ended + 1} is longer than ${endlessBytesMax} bytes. Each row has a line of its own.`);
    }
    overlong ||= bytes.length > lineBytesMax;
    rest = overlong ? Buffer.alloc(0) : Buffer.from(bytes);
    yield { lines, bytes: piece.length };
  }
  if (overlong) yield { lines: [tooLong], bytes: 0 };
  else if (rest.length > 0) yield { lines: [decodeLine(rest)], bytes: 0 };
}

/** However much arrives at once, it is looked at in small pieces. */
async function* pieces(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Buffer> {
  for await (const arrived of (body ?? []) as AsyncIterable<Uint8Array>) {
    const bytes = Buffer.from(arrived.buffer, arrived.byteOffset, arrived.byteLength);
    for (let at = 0; at < bytes.length; at += lineBytesMax) yield bytes.subarray(at, at + lineBytesMax);
  }
}

const tooLong = { fault: `The line is longer than ${lineBytesMax} bytes.` };
const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeLine(bytes: Buffer): Line {
  if (bytes.length > lineBytesMax) return tooLong;
  try {
    const text = utf8.decode(bytes);
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  } catch {
    return { fault: "The line is not valid UTF-8." };
  }
}

function ndjsonRow(text: string, line: number): UploadedRow {
  try {
    const content = parseStrictJson(text);
    if (typeof content === "object" && content !== null && !Array.isArray(content)) {
      return { line, content: content as Record<string, unknown> };
    }
    return { line, fault: "Expected a JSON object." };
  } catch (error) {
    if (error instanceof Problem) return { line, fault: error.detail.replace("The body", "The line") };
    throw error;
  }
}

/** Reads the header first. An empty field is an absent one. */
function csvReader(columns: readonly string[]): RowReader {
  let header: readonly string[] | undefined;
  return (text, line) => {
    const fields = splitCsv(text);
    if (header === undefined) {
      header = readHeader(fields, columns);
      return null;
    }
    if (fields === null) return { line, fault: "A quote is not closed, or stands inside an unquoted field." };
    if (fields.length !== header.length) {
      return { line, fault: `The line has ${fields.length} fields, the header ${header.length}.` };
    }
    const named = header.map((name, at): [string, string] => [name, withoutMark(fields[at] ?? "")]);
    return { line, content: Object.fromEntries(named.filter(([, value]) => value !== "")) };
  };
}

/** Our own exports put an apostrophe before what a spreadsheet would run: `row-download.ts`. */
function withoutMark(field: string): string {
  return /^'[=+\-@\t\r]/.test(field) ? field.slice(1) : field;
}

function readHeader(fields: string[] | null, columns: readonly string[]): readonly string[] {
  const names = (fields ?? []).map((name) => name.trim().toLowerCase());
  const unknown = names.find((name, at) => !columns.includes(name) || names.indexOf(name) !== at);
  if (names.length === 0 || unknown !== undefined) {
    const detail = `The first line names the columns, each once, of: ${columns.join(", ")}.`;
    throw invalid("", unknown === undefined ? detail : `${detail} It has "${unknown.slice(0, 100)}".`);
  }
  return names;
}

/** The fields of one CSV line (RFC 4180); null when its quotes make no sense. */
function splitCsv(line: string): string[] | null {
  const text = line.charCodeAt(0) === 0xfeff ? line.slice(1) : line;
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return null;
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at += 1;
      }
      if (at < text.length && text[at] !== ",") return null;
    } else {
      const comma = text.indexOf(",", at);
      const end = comma < 0 ? text.length : comma;
      field = text.slice(at, end);
      if (field.includes('"')) return null;
      at = end;
    }
    fields.push(field);
    if (at >= text.length) return fields;
    at += 1;
  }
}
