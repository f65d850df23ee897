/** Keyset pagination: a cursor holds the sort key of the last row seen, so that pages neither skip nor repeat rows. */
import type { z } from "zod";
import { Problem } from "./problem.ts";

export interface Page<T> {
  readonly data: T[];
  readonly next_cursor: string | null;
}

/**
 * @param rows up to `limit + 1` rows as read; the extra one tells that there is more.
 * @param keyOf the sort key of a row, as `readCursor` shall give it back.
 */
export function toPage<Row, Wire>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly (string | number)[],
  toWire: (row: Row) => Wire,
): Page<Wire> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data: shown.map(toWire), next_cursor: more ? encode(keyOf(last)) : null };
}

function encode(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key), "utf8").toString("base64url");
}

/**
 * @param schema of the sort key, e.g. `z.tuple([z.iso.datetime(), z.string()])`. A cursor comes from outside: it is
 * parsed like any other input.
 * @throws Problem 400 when it is not one of ours.
 */
export function readCursor<T extends z.ZodType>(cursor: string | undefined, schema: T): z.output<T> | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key = schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    if (JSON.stringify(key).includes("\\u0000")) throw new RangeError("NUL");
    return key;
  } catch {
    const detail = "The cursor is not one that a list gave.";
    throw new Problem("invalid_request", detail, { errors: [{ pointer: "/cursor", detail, in: "query" }] });
  }
}
