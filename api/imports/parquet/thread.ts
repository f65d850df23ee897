/**
 * Reads a Parquet file in a thread of its own: decoding is long, and a file made to do harm may ask for all memory there
 * is, which then ends this thread and nothing else. Sends a block of staged rows each time it is asked.
 */
import { parentPort, workerData } from "node:worker_threads";
import { fromColumns, parquetColumns } from "../columns.ts";
import type { Kind, StagedRow } from "../rows.ts";
import { readRowsOfFile, TooManyRows, UnknownColumn } from "./file.ts";
import { plainRow, RowFault } from "./values.ts";

export interface Task {
  readonly path: string;
  readonly kind: Kind;
  readonly rowsMax: number;
}

export type Message =
  | { readonly rows: readonly StagedRow[] }
  | { readonly end: true }
  | { readonly fault: "rows" }
  | { readonly fault: "column" | "broken"; readonly detail: string };

const { path, kind, rowsMax } = workerData as Task;
const blocks = readBlocks();

parentPort?.on("message", async () => {
  parentPort?.postMessage(await nextMessage());
});

async function nextMessage(): Promise<Message> {
  try {
    const next = await blocks.next();
    return next.done === true ? { end: true } : { rows: next.value };
  } catch (error) {
    if (error instanceof TooManyRows) return { fault: "rows" };
    const detail = (error instanceof Error ? error.message : String(error)).slice(0, 200);
    return { fault: error instanceof UnknownColumn ? "column" : "broken", detail };
  }
}

async function* readBlocks(): AsyncGenerator<StagedRow[]> {
  let line = 0;
  for await (const rows of readRowsOfFile(path, parquetColumns(kind), rowsMax)) {
    yield rows.map((row) => {
      line += 1;
      return toStaged(row, line);
    });
  }
}

function toStaged(row: Readonly<Record<string, unknown>>, line: number): StagedRow {
  try {
    return { line, content: JSON.stringify(fromColumns(kind, plainRow(row))), fault: null, item_lines: null };
  } catch (error) {
    if (error instanceof RowFault) return { line, content: null, fault: error.message, item_lines: null };
    throw error;
  }
}
