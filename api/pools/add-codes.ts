/** Fills a pool from a file of any size, block by block while it arrives; what went in stays when the upload breaks off. */
import { createHash, type Hash } from "node:crypto";
import type { Context } from "hono";
import type { Kysely } from "kysely";
import { z } from "zod";
import { logChange } from "../audit-log/log-change.ts";
import type { DB } from "../db/tables.ts";
import type { AppEnv } from "../http/environment.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { textFault } from "../http/json-body.ts";
import { notFound } from "../http/problem.ts";
import { type RowFormat, readRows, rowFormat, type UploadedRow } from "../http/row-stream.ts";
import { inTransaction } from "../http/transaction.ts";
import { addCodes, clearLowStock, findPool } from "./queries.ts";
import type { AddedCodesWire } from "./schemas.ts";

const limits = { bytesMax: 512 * 1024 * 1024, rowsMax: 5_000_000 };
const errorsShownMax = 100;

/** A third party's codes: kept as they are, but for blanks around them. */
const codeRow = z.strictObject({
  code: z
    .string()
    .transform((text) => text.trim())
    .pipe(z.string().min(1).max(200))
    .refine((text) => !/\p{Cc}/u.test(text) && textFault(text) === undefined, "may not hold control characters"),
});

/** A file of rows, of which the digest sees every byte. */
interface Upload {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly format: RowFormat;
  readonly digest: Hash;
}

/**
 * Sending a file again adds what is missing.
 *
 * @param brokenOff is told what went in, when the rest of the file is refused or does not come.
 * @throws Problem 400, 404, 413
 */
export async function fillPool(
  db: Kysely<DB>,
  projectId: string,
  poolId: string,
  { body, format, digest }: Upload,
  brokenOff: (result: AddedCodesWire) => Promise<void>,
): Promise<AddedCodesWire> {
  if (!(await findPool(db, projectId, poolId))) throw notFound("pool");
  const result = { received: 0, added: 0, duplicates: 0, failed: 0, errors: [] as AddedCodesWire["errors"] };
  try {
    for await (const rows of readRows(body, format, ["code"], limits, digest)) {
      const codes: string[] = [];
      for (const row of rows) {
        const read = readCode(row);
        if (typeof read === "string") codes.push(read);
        else {
          result.failed += 1;
          if (result.errors.length < errorsShownMax) result.errors.push(read);
        }
      }
      const added = codes.length === 0 ? 0 : await addCodes(db, projectId, poolId, codes);
      result.received += rows.length;
      result.added += added;
      result.duplicates += codes.length - added;
    }
  } catch (error) {
    await brokenOff(result);
    throw error;
  } finally {
    // Also after an upload that broke off: what went in stays.
    await clearLowStock(db, projectId, poolId);
  }
  return result;
}

/** In a transaction that names who filled it: see `logChange`. */
export async function logFilled(
  tx: Kysely<DB>,
  projectId: string,
  poolId: string,
  { added }: AddedCodesWire,
): Promise<void> {
  if (added === 0) return;
  const after = { id: poolId, count: added };
  await logChange(tx, { projectId, subjectType: "pool", subjectId: poolId, action: "codes_added", after });
}

/** @throws Problem 400, 404, 413, 415, 422 */
export async function addPoolCodes(c: Context<AppEnv>, poolId: string) {
  const { db } = c.var.deps;
  const { projectId } = c.var.auth;
  // What is not there is told before the type of its file.
  if (!(await findPool(db, projectId, poolId))) throw notFound("pool");
  const digest = createHash("sha256");
  const format = rowFormat(c.req.header("content-type"));
  const logIn = (tx: Kysely<DB>, filled: AddedCodesWire) => logFilled(tx, projectId, poolId, filled);
  const result = await fillPool(db, projectId, poolId, { body: c.req.raw.body, format, digest }, (filled) =>
    inTransaction(c, (tx) => logIn(tx, filled)),
  );
  // The body takes part in the idempotency key by its digest.
  c.set("json", { sha256: digest.digest("hex") });
  // First: they are in, also when the key turns out to be another request's.
  await inTransaction(c, (tx) => logIn(tx, result));
  return withIdempotency(c, async () => ({ status: 200, body: result satisfies AddedCodesWire }));
}

function readCode(row: UploadedRow): string | AddedCodesWire["errors"][number] {
  if (row.content === undefined) return { line: row.line, field: "", reason: row.fault };
  const parsed = codeRow.safeParse(row.content);
  if (parsed.success) return parsed.data.code;
  const issue = parsed.error.issues[0];
  return { line: row.line, field: String(issue?.path[0] ?? ""), reason: issue?.message ?? "The row is not valid." };
}
