/** Parquet values as JSON holds them. Half of what a Parquet file may hold has no place in a row: it is told by its field. */
import type { ParquetParsers } from "hyparquet";
import { textFault } from "../../http/json-body.ts";

/** Of a whole row. */
const rowBytesMax = 256 * 1024;
const depthMax = 32;

/** What is wrong with a row; the message names the field. */
export class RowFault extends Error {}

/** Stands for a text that cannot be one, until its row is looked at. */
class Unreadable {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const notUtf8 = new Unreadable("The text is not valid UTF-8.");
const tooLong = new Unreadable(`The text is longer than ${rowBytesMax} bytes.`);

function readText(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined;
  if (bytes.length > rowBytesMax) return tooLong;
  try {
    return utf8.decode(bytes);
  } catch {
    return notUtf8;
  }
}

/** RFC 3339, or the number as a text where no calendar has such an instant. */
function instant(milliseconds: bigint): string {
  const at = new Date(Number(milliseconds));
  return Number.isNaN(at.getTime()) ? String(milliseconds) : at.toISOString();
}

export const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (value) => (value === undefined ? undefined : instant(BigInt(value))),
  timestampFromMicroseconds: (value) => (value === undefined ? undefined : instant(BigInt(value) / 1000n)),
  timestampFromNanoseconds: (value) => (value === undefined ? undefined : instant(BigInt(value) / 1_000_000n)),
  dateFromDays: (days) => (days === undefined ? undefined : instant(BigInt(days) * 86_400_000n).slice(0, 10)),
  stringFromBytes: readText,
  // A text of JSON is read strictly, like one of a CSV file.
  jsonFromBytes: readText,
};

/** A row as JSON. What is null is absent, and so is a struct all of whose fields are. @throws RowFault */
export function plainRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const budget = { left: rowBytesMax };
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const plain = toPlain(value, [name], budget);
      return plain === undefined ? [] : [[name, plain]];
    }),
  );
}

function toPlain(value: unknown, path: readonly string[], budget: { left: number }): unknown {
  budget.left -= typeof value === "string" ? value.length : 8;
  if (budget.left < 0) throw new RowFault(`The row is larger than ${rowBytesMax} bytes.`);
  if (path.length > depthMax) throw new RowFault(`The row may be nested at most ${depthMax} deep.`);
  if (value === null || value === undefined) return undefined;
  switch (typeof value) {
    case "string":
      return checkedText(value, path);
    case "boolean":
      return value;
    case "number":
      return finite(value, path);
    case "bigint":
      return safe(value, path);
  }
  if (value instanceof Unreadable) throw fault(path, value.reason);
  if (value instanceof Uint8Array) throw fault(path, "The column holds bytes, not text.");
  if (Array.isArray(value)) return value.map((one, at) => toPlain(one, [...path, String(at)], budget) ?? null);
  return plainObject(value as object, path, budget);
}

function plainObject(value: object, path: readonly string[], budget: { left: number }): object | undefined {
  const entries = Object.entries(value);
  const plain = entries.flatMap(([name, inner]) => {
    const found = toPlain(inner, [...path, checkedText(name, path)], budget);
    return found === undefined ? [] : [[name, found] as const];
  });
  return entries.length > 0 && plain.length === 0 ? undefined : Object.fromEntries(plain);
}

function checkedText(text: string, path: readonly string[]): string {
  const reason = text === "__proto__" ? "A field may not have this name." : textFault(text);
  if (reason !== undefined) throw fault(path, reason);
  return text;
}

function finite(value: number, path: readonly string[]): number {
  if (!Number.isFinite(value)) throw fault(path, "The number is not finite.");
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw fault(path, "The number is beyond what can be kept exactly.");
  return value;
}

function safe(value: bigint, path: readonly string[]): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw fault(path, "The number is beyond what can be kept exactly.");
  }
  return Number(value);
}

function fault(path: readonly string[], reason: string): RowFault {
  return new RowFault(`${path.join("/")}: ${reason}`);
}
