/** The codes of a batch as a download of any size: read by keyset, and only as fast as the client takes them. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { shownStatus } from "./wire.ts";

const pageSize = 2000;

export type CodesFormat = "csv" | "ndjson";

export function streamBatchCodes(
  db: Kysely<DB>,
  projectId: string,
  batchId: string,
  format: CodesFormat,
  now: Date,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const row = format === "csv" ? csvRow : ndjsonRow;
  let after = "";
  let started = format !== "csv";
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const rows = await readCodes(db, projectId, batchId, after);
        const head = started ? "" : "code,status,redemptions_max,redemptions_count,expires_at\r\n";
        started = true;
        const text = head + rows.map((voucher) => row(voucher, now)).join("");
        if (text !== "") controller.enqueue(encoder.encode(text));
        const last = rows.at(-1);
        if (last && rows.length === pageSize) after = last.id;
        else controller.close();
      },
    },
    { highWaterMark: 1 },
  );
}

type CodeRow = Awaited<ReturnType<typeof readCodes>>[number];

/** Counts on `voucher_by_batch`. */
function readCodes(db: Kysely<DB>, projectId: string, batchId: string, after: string) {
  return db
    .selectFrom("voucher")
    .select(["id", "code", "status", "redemptions_max", "redemptions_count", "expires_at"])
    .where("project_id", "=", projectId)
    .where("batch_id", "=", batchId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(pageSize)
    .execute();
}

function shown(row: CodeRow, now: Date) {
  return {
    code: row.code,
    status: shownStatus(row, now),
    redemptions_max: row.redemptions_max,
    redemptions_count: row.redemptions_count,
    expires_at: row.expires_at?.toISOString() ?? null,
  };
}

function ndjsonRow(row: CodeRow, now: Date): string {
  return `${JSON.stringify(shown(row, now))}\n`;
}

function csvRow(row: CodeRow, now: Date): string {
  return `${Object.values(shown(row, now)).map(csvField).join(",")}\r\n`;
}

/** A spreadsheet would run a field that begins like a formula; the apostrophe makes it text (a code may begin with "-"). */
function csvField(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
