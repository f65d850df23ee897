/** Takes an upload in: rows are staged while they arrive, so that memory holds one block of them, whatever the size. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { AppEnv } from "../../http/environment.ts";
import { withIdempotency } from "../../http/idempotency.ts";
import { Problem } from "../../http/problem.ts";
import { type RowFormat, readRows, rowFormat, type UploadedRow } from "../../http/row-stream.ts";
import { newId } from "../../ids.ts";
import { failImport, voucherImports } from "../../imports/staging.ts";
import { holdVoucherCampaign } from "../create.ts";
import { insertImport, type StagedRow, setReceived, stageRows } from "./queries.ts";
import { importColumns, readCsvFields } from "./rows.ts";
import { importToWire } from "./wire.ts";

const limits = { bytesMax: 512 * 1024 * 1024, rowsMax: 5_000_000 };

/**
 * The job is there, running, once every row is staged; before that it is nothing a client knows of. The body takes part
 * in the idempotency key by its digest: a retry sends the file again and gets the first job.
 *
 * @throws Problem 400, 404, 409, 413, 415, 422
 */
export function receiveImport(c: Context<AppEnv>, campaignId: string) {
  return receiveFile(c, campaignId, () => ({ body: c.req.raw.body, format: rowFormat(c.req.header("content-type")) }));
}

interface Upload {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly format: RowFormat;
}

/** @param upload looked at once the campaign is known to take vouchers. */
export async function receiveFile(c: Context<AppEnv>, campaignId: string, upload: () => Upload) {
  const { db, pool, log } = c.var.deps;
  const { projectId } = c.var.auth;
  await db.transaction().execute((tx) => holdVoucherCampaign(tx, projectId, campaignId));
  const { body, format } = upload();
  const id = newId("imp");
  await insertImport(db, { projectId, id, campaignId });
  let taken = false;
  try {
    const digest = createHash("sha256");
    for await (const block of readRows(body, format, importColumns, limits, digest)) {
      await stageRows(
        db,
        projectId,
        id,
        block.map((row) => toStaged(row, format)),
      );
    }
    c.set("json", { sha256: digest.digest("hex") });
    return await withIdempotency(c, async (tx) => {
      const row = await setReceived(tx, projectId, id);
      if (!row) throw new Problem("busy", "The upload took too long. Send it again.");
      taken = true;
      return { status: 202, body: importToWire(row) };
    });
  } finally {
    // Broken off, refused, or the retry of an upload that was taken before.
    if (!taken) {
      await failImport(pool, voucherImports, { projectId, id }, "The upload broke off.").catch((err: unknown) => {
        log.warn({ err, import: id }, "an upload that broke off is left to the sweep");
      });
    }
  }
}

function toStaged(row: UploadedRow, format: RowFormat): StagedRow {
  if (row.content === undefined) return { line: row.line, content: null, fault: row.fault };
  const content = format === "csv" ? readCsvFields(row.content) : row.content;
  return { line: row.line, content: JSON.stringify(content), fault: null };
}
