/** Rows as a download of any size: read page by page, and only as fast as the client takes them. */
import type { Context } from "hono";
import type { AppEnv } from "./environment.ts";
import type { RowFormat } from "./row-stream.ts";

export type DownloadedRow = Readonly<Record<string, string | number | boolean | null | object>>;

const mediaTypes = { csv: "text/csv; charset=utf-8", ndjson: "application/x-ndjson" } as const;

/** CSV, unless `Accept` asks for NDJSON. */
function acceptedFormat(c: Context<AppEnv>): RowFormat {
  return c.req.header("accept")?.includes(mediaTypes.ndjson) ? "ndjson" : "csv";
}

/**
 * @param name of the file, without its ending.
 * @param columns of the rows, in this order; objects are JSON within a CSV field.
 * @param pages each next page of rows; the last one is followed by undefined. No connection is held between two.
 */
export function sendRows(
  c: Context<AppEnv>,
  name: string,
  columns: readonly string[],
  pages: () => Promise<readonly DownloadedRow[] | undefined>,
) {
  const format = acceptedFormat(c);
  const encoder = new TextEncoder();
  let head = format === "csv" ? `${columns.join(",")}\r\n` : "";
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const rows = await pages();
        const text =
          head +
          (rows ?? []).map((row) => (format === "csv" ? csvRow(row, columns) : ndjsonRow(row, columns))).join("");
        head = "";
        if (text !== "") controller.enqueue(encoder.encode(text));
        if (rows === undefined) controller.close();
      },
    },
    { highWaterMark: 1 },
  );
  return c.body(stream, 200, {
    "content-type": mediaTypes[format],
    "content-disposition": `attachment; filename="${name}.${format}"`,
    "cache-control": "no-store",
  });
}

function ndjsonRow(row: DownloadedRow, columns: readonly string[]): string {
  return `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, row[column] ?? null])))}\n`;
}

function csvRow(row: DownloadedRow, columns: readonly string[]): string {
  return `${columns.map((column) => csvField(row[column] ?? null)).join(",")}\r\n`;
}

/** A spreadsheet would run a field that begins like a formula; the apostrophe makes it text (a code may begin with "-"). */
export function csvField(value: string | number | boolean | null | object): string {
  const text = value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
