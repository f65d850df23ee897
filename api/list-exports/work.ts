/** Writes lists and sends them, one after the other, in any number of processes. */
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../db/tables.ts";
import { requestOutside } from "../outbound/request.ts";
import type { Outbound } from "../outbound/vet.ts";
import { SealError, type Sealer } from "../secrets/seal.ts";
import { csvHead, csvLine } from "./csv.ts";
import { deleteFile, readFile, sizeOfFile, writeFileWhole } from "./files.ts";
import {
  claimExport,
  type ExportRow,
  hasErasedSince,
  isErasedSince,
  readPage,
  stateOfSource,
  updateExport,
} from "./queries.ts";

export interface ExportDeps {
  readonly db: Kysely<DB>;
  readonly log: Logger;
  readonly dataDir: string;
  readonly sealer: Sealer;
  readonly outbound?: Outbound | undefined;
}

const pageRows = 2_000;
/** Beyond it a list is refused whole: a part of it would look like all. */
const rowsMax = 2_000_000;
const sendMs = 10 * 60_000;
const leaseMs = 2 * sendMs;
/** Before the second try, the third and so on. */
const pausesMs = [30_000, 300_000, 1_800_000, 7_200_000];
const idleMs = 1_000;
const sweepEveryMs = 600_000;
const keptDays = { files: 7, rows: 30 };

export async function runListExports(deps: ExportDeps, signal: AbortSignal): Promise<void> {
  let sweptAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    if (performance.now() - sweptAt > sweepEveryMs) {
      await sweepExports(deps, new Date());
      sweptAt = performance.now();
    }
    if (await workOnce(deps, () => new Date(), signal)) continue;
    await pause(idleMs, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns false when there is nothing to do. */
export async function workOnce(deps: ExportDeps, clock: () => Date, signal?: AbortSignal): Promise<boolean> {
  const row = await claimExport(deps.db, leaseMs, clock());
  if (row === undefined) return false;
  const failure = await work(deps, row, clock, signal).catch((error: unknown) => {
    deps.log.warn({ err: error, list_export: row.id }, "a list could not be exported");
    return { reason: "interrupted", isForGood: false };
  });
  const at = clock();
  if (failure === undefined) {
    const done = {
      status: "done",
      reason: null,
      url: null,
      finished_at: at,
      leased_until: null,
      updated_at: at,
    } as const;
    await updateExport(deps.db, row, done);
    return true;
  }
  // We were told to end: not a try of its own.
  const wait = signal?.aborted ? 0 : pausesMs[row.tries - 1];
  if (failure.isForGood || wait === undefined) {
    const over = { status: "failed", url: null, finished_at: at, leased_until: null } as const;
    await updateExport(deps.db, row, { ...over, reason: failure.reason, updated_at: at });
  } else {
    const due = { due_at: new Date(at.getTime() + wait), leased_until: null, tries: row.tries - (wait === 0 ? 1 : 0) };
    await updateExport(deps.db, row, { ...due, reason: failure.reason, updated_at: at });
  }
  return true;
}

interface Failure {
  readonly reason: string;
  readonly isForGood: boolean;
}

async function work(
  deps: ExportDeps,
  row: ExportRow,
  clock: () => Date,
  signal: AbortSignal | undefined,
): Promise<Failure | undefined> {
  // What was written whole before is sent again as it is: every try sends the same, but for who was erased meanwhile.
  const mayStay = row.status === "sending" && !(await hasErasedSince(deps.db, row));
  const written = mayStay ? await sizeOfFile(deps.dataDir, row) : undefined;
  if (written === undefined) {
    const missing = await whatIsMissing(deps.db, row);
    if (missing !== undefined) {
      await deleteFile(deps.dataDir, row);
      return missing;
    }
    await updateExport(deps.db, row, { status: "writing", rows_count: 0 });
    const progress = { rows: 0 };
    const bytes = await writeFileWhole(deps.dataDir, row, linesOf(deps, row, progress, clock, signal));
    if (progress.rows > rowsMax) {
      await deleteFile(deps.dataDir, row);
      return { reason: "too_many_rows", isForGood: true };
    }
    const file = { bytes_count: bytes, rows_count: progress.rows };
    await updateExport(deps.db, row, row.url === null ? file : { ...file, status: "sending" });
  }
  return row.url === null ? undefined : sendFile(deps, row, row.url, signal);
}

/** A part of a list would look like all: asked before it is written and after. */
async function whatIsMissing(db: Kysely<DB>, row: ExportRow): Promise<Failure | undefined> {
  const state = await stateOfSource(db, row.project_id, row);
  if (state === "whole") return undefined;
  return state === "not_yet"
    ? { reason: "list_unfinished", isForGood: false }
    : { reason: "list_gone", isForGood: true };
}

async function* linesOf(
  { db }: ExportDeps,
  row: ExportRow,
  progress: { rows: number },
  clock: () => Date,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  yield csvHead(row.columns);
  let after = "";
  for (;;) {
    signal?.throwIfAborted();
    const page = await readPage(db, row, after, pageRows);
    yield page.map((customer) => csvLine(customer, row.columns)).join("");
    progress.rows += page.length;
    // However long the whole takes, nobody else begins to write the same file.
    await updateExport(db, row, { rows_count: progress.rows, leased_until: new Date(clock().getTime() + leaseMs) });
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows || progress.rows > rowsMax) break;
    after = last.key;
  }
  // The file does not appear then; the next try says why.
  if ((await whatIsMissing(db, row)) !== undefined) throw new Error("the list went away while it was written");
}

async function sendFile(
  deps: ExportDeps,
  row: ExportRow,
  sealed: Buffer,
  signal: AbortSignal | undefined,
): Promise<Failure | undefined> {
  let url: string;
  try {
    url = deps.sealer.open(sealed, exportPlace(row.project_id, row.id));
  } catch (error) {
    if (error instanceof SealError) return { reason: "url_unreadable", isForGood: false };
    throw error;
  }
  const size = await sizeOfFile(deps.dataDir, row);
  if (size === undefined) return { reason: "file_gone", isForGood: true };
  const answer = await requestOutside({
    url,
    method: row.method ?? "PUT",
    headers: { "content-type": "text/csv; charset=utf-8" },
    body: readFile(deps.dataDir, row),
    bodyBytes: size,
    timeoutMs: sendMs,
    answerBytesMax: 1_000,
    outbound: deps.outbound,
    signal,
  });
  if (answer.outcome === "failed") {
    const isForGood = ["url_refused", "address_refused", "request_refused"].includes(answer.reason);
    return { reason: answer.reason, isForGood };
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return answer.isSent ? undefined : { reason: "answered_early", isForGood: false };
  return { reason: `http_${status}`, isForGood: status < 500 && ![408, 409, 425, 429].includes(status) };
}

export function exportPlace(projectId: string, id: string): string {
  return `${projectId}/${id}`;
}

/** Files go after days, and at once when somebody was erased since: they cannot be rewritten where others fetch them. */
export async function sweepExports({ db, dataDir }: Pick<ExportDeps, "db" | "dataDir">, now: Date): Promise<void> {
  const before = (days: number) => new Date(now.getTime() - days * 86_400_000);
  const { rows } = await sql<Pick<ExportRow, "project_id" | "id">>`
    select e.project_id, e.id from list_export e
    where e.file_deleted_at is null and e.status in ('done', 'failed')
      and (e.finished_at < ${before(keptDays.files)} or ${isErasedSince})
    order by e.finished_at limit 1000`.execute(db);
  for (const row of rows) {
    await deleteFile(dataDir, row);
    await updateExport(db, row, { file_deleted_at: now });
  }
  await sql`
    delete from list_export
    where finished_at < ${before(keptDays.rows)} and file_deleted_at is not null`.execute(db);
}
