/** A file of identifiers into a list: rows that are wrong are told by their line, all others go in. */
import { createHash } from "node:crypto";
import type { Kysely, Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { type RowFormat, readRows, type UploadedRow } from "../http/row-stream.ts";
import { customerIdentifier } from "../http/schemas.ts";
import { checkList, countMembers, enterList } from "./members.ts";

const limits = { bytesMax: 32 * 1024 * 1024, rowsMax: 200_000 };
const errorsTold = 100;
/** A block of short rows is larger than it says: whatever came in one piece is in it. A statement has 65,535 values. */
const membersAtOnce = 2_000;

export interface ImportedMembers {
  rows_read: number;
  entered: number;
  failed: number;
  members_count: number;
  readonly errors: { readonly line: number; readonly reason: string }[];
}

/**
 * Each block of members is a transaction: an upload that breaks off has put some in, and the same file again the rest.
 *
 * @param transact runs each block in a transaction that is signed by whoever sent the file.
 * @throws Problem 400, 404, 409, 413
 */
export async function importMembers(
  db: Kysely<DB>,
  projectId: string,
  segmentId: string,
  { body, format }: { readonly body: ReadableStream<Uint8Array> | null; readonly format: RowFormat },
  transact: <T>(work: (tx: Transaction<DB>) => Promise<T>) => Promise<T>,
): Promise<ImportedMembers> {
  await checkList(db, projectId, segmentId);
  const result: ImportedMembers = {
    rows_read: 0,
    entered: 0,
    failed: 0,
    members_count: 0,
    errors: [],
  };
  for await (const block of readRows(body, format, ["customer"], limits, createHash("sha256"))) {
    result.rows_read += block.length;
    const identifiers = block.flatMap((row) => {
      const read = identifierOf(row);
      if (typeof read === "string") return [read];
      result.failed += 1;
      if (result.errors.length < errorsTold) result.errors.push({ line: row.line, reason: read.reason });
      return [];
    });
    for (let start = 0; start < identifiers.length; start += membersAtOnce) {
      const some = identifiers.slice(start, start + membersAtOnce);
      result.entered += await transact(async (tx) => enterList(tx, projectId, segmentId, some, await databaseNow(tx)));
    }
  }
  result.members_count = await countMembers(db, projectId, segmentId);
  return result;
}

function identifierOf(row: UploadedRow): string | { readonly reason: string } {
  if (row.content === undefined) return { reason: row.fault };
  const unknown = Object.keys(row.content).find((name) => name !== "customer");
  if (unknown !== undefined) return { reason: "Expected the field customer alone." };
  const parsed = customerIdentifier.safeParse(row.content.customer);
  return parsed.success
    ? parsed.data
    : { reason: `customer: ${parsed.error.issues[0]?.message ?? "not an identifier"}` };
}
