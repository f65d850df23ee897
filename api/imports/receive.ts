/** Takes an upload in: rows are staged while they arrive, so that memory holds some blocks of them, whatever the size. */
import { createHash, type Hash } from "node:crypto";
import type { Context } from "hono";
import type { AppEnv } from "../http/environment.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { Problem } from "../http/problem.ts";
import { readRows, type UploadedRow } from "../http/row-stream.ts";
import { newId } from "../ids.ts";
import { csvColumns, fromColumns } from "./columns.ts";
import { FlatOrders } from "./flat-orders.ts";
import { readParquetUpload } from "./parquet/read.ts";
import { type ImportJob, insertImport, setReceived, stageRows } from "./queries.ts";
import type { Kind, StagedRow } from "./rows.ts";
import { anyImports, failImport } from "./staging.ts";
import { importToWire } from "./wire.ts";

const limits = { bytesMax: 512 * 1024 * 1024, rowsMax: 5_000_000 };

type Format = ImportJob["format"];
const mediaTypes: Readonly<Record<string, Format>> = {
  "text/csv": "csv",
  "application/x-ndjson": "ndjson",
  "application/vnd.apache.parquet": "parquet",
};

function formatOf(contentType: string | undefined): Format {
  const format = mediaTypes[contentType?.split(";")[0]?.trim().toLowerCase() ?? ""];
  if (format !== undefined) return format;
  throw new Problem("unsupported_media_type", `Send the rows as one of: ${Object.keys(mediaTypes).join(", ")}.`);
}

/**
 * The job is there, running, once every row is staged. The body takes part in the idempotency key by its digest: a retry
 * sends the file again and gets the first job.
 *
 * @throws Problem 400, 413, 415, 422
 */
export async function receiveImport(c: Context<AppEnv>, kind: Kind) {
  const { db, pool, log, dataDir } = c.var.deps;
  const { projectId, keyId } = c.var.auth;
  const format = formatOf(c.req.header("content-type"));
  const id = newId("imp");
  await insertImport(db, { project_id: projectId, id, kind, format, key_id: keyId });
  const digest = createHash("sha256");
  let taken = false;
  try {
    const blocks =
      format === "parquet"
        ? readParquetUpload(c.req.raw.body, {
            kind,
            limits,
            digest,
            dataDir,
            id,
            alive: () => stageRows(db, projectId, id, []),
          })
        : readTextUpload(c.req.raw.body, format, kind, digest);
    // One block is written while the next one is read.
    let writing: Promise<void> = Promise.resolve();
    for await (const block of blocks) {
      await writing;
      if (block.length === 0) continue;
      writing = stageRows(db, projectId, id, block);
      // Whoever waits for it hears of it.
      writing.catch(() => undefined);
    }
    await writing;
    c.set("json", { sha256: digest.digest("hex") });
    return await withIdempotency(c, async (tx) => {
      const job = await setReceived(tx, projectId, id);
      if (!job) throw new Problem("busy", "The upload took too long. Send it again.");
      taken = true;
      return { status: 202, body: importToWire({ ...job, campaign_id: null }) };
    });
  } finally {
    // Broken off, refused, or the retry of an upload that was taken before.
    if (!taken) {
      await failImport(pool, anyImports, { projectId, id }, "The upload broke off.").catch((err: unknown) => {
        log.warn({ err, import: id }, "an upload that broke off is left to the sweep");
      });
    }
  }
}

async function* readTextUpload(
  body: ReadableStream<Uint8Array> | null,
  format: "csv" | "ndjson",
  kind: Kind,
  digest: Hash,
): AsyncGenerator<StagedRow[]> {
  const flat = new FlatOrders();
  for await (const block of readRows(body, format, csvColumns(kind), limits, digest)) {
    if (format === "csv" && kind === "orders") yield joined(flat, block);
    else
      yield block.map((row) => toStaged(row, (content) => (format === "csv" ? fromColumns(kind, content) : content)));
  }
  yield flat.end();
}

/** A CSV file of orders has the items of an order in one column, or in a line each. */
function joined(flat: FlatOrders, block: readonly UploadedRow[]): StagedRow[] {
  return block.flatMap((row) => {
    if (row.content !== undefined && !Object.hasOwn(row.content, "items")) return flat.add([row]);
    const open = row.content === undefined ? flat.add([row]) : flat.end();
    return row.content === undefined ? open : [...open, toStaged(row, (content) => fromColumns("orders", content))];
  });
}

function toStaged(row: UploadedRow, toWire: (content: Readonly<Record<string, unknown>>) => object): StagedRow {
  if (row.content === undefined) return { line: row.line, content: null, fault: row.fault, item_lines: null };
  return { line: row.line, content: JSON.stringify(toWire(row.content)), fault: null, item_lines: null };
}
